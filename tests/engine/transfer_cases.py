"""Made-up histories of deposits and withdrawals with the truth beside them: which are transfers.

The same seed gives the same history. Shares of the awkward kinds are above those of real accounts.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from portfolio.engine.transfers import FeePlace, Leg

START = datetime(2023, 1, 1, tzinfo=UTC)
EXCHANGES = ("binance", "kraken", "okx", "bybit", "coinbase", "bitfinex")
# Asset, decimals, size of usual amounts (power of ten), network fee, and the network's spellings.
COINS = (
    ("BTC", 8, -2, "0.0002", ("BTC", "Bitcoin", "SEGWIT", "BTC-Bitcoin")),
    ("ETH", 8, 0, "0.0012", ("ETH", "ERC20", "Ethereum", "ETH-ERC20")),
    ("USDT", 6, 3, "1", ("TRX", "TRC20", "Tron", "USDT-TRC20")),
    ("USDC", 6, 3, "2.5", ("ETH", "ERC20", "Ethereum (ERC20)", "USDC-ERC20")),
    ("SOL", 9, 1, "0.001", ("SOL", "Solana", "SPL", "SOL-Solana")),
    ("XRP", 6, 2, "0.2", ("XRP", "Ripple", "XRPL", "XRP-Ripple")),
)
WRONG = ("BSC", "BEP20", "MATIC", "Arbitrum One")
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass
class Case:
    """A history: what left, what arrived, and the pairs of ids that belong together."""

    outgoing: list[Leg] = field(default_factory=list)
    incoming: list[Leg] = field(default_factory=list)
    truth: set[tuple[str, str]] = field(default_factory=set)
    kinds: dict[tuple[str, str], str] = field(default_factory=dict)  # of the true pairs


def history(seed: int, transfers: int, *, days: int = 1000) -> Case:
    """About so many true transfers among as many deposits and withdrawals of other people."""
    maker = _Maker(random.Random(f"transfers:{seed}"), days)
    for _ in range(transfers):
        roll = maker.rng.random()
        if roll < 0.10:
            maker.own_move()
        elif roll < 0.14:
            maker.in_books()
        elif roll < 0.19:
            maker.batch()
        elif roll < 0.23:
            maker.twins()
        else:
            maker.plain()
    maker.others(transfers)
    maker.rng.shuffle(maker.case.outgoing)
    maker.rng.shuffle(maker.case.incoming)
    return maker.case


class _Maker:
    def __init__(self, rng: random.Random, days: int) -> None:
        self.rng, self.days, self.case = rng, days, Case()
        self._number = 0
        self._hosts = {
            (c, coin[0]): [self._address() for _ in range(rng.choice((1, 1, 2)))]
            for c in EXCHANGES
            for coin in COINS
        }

    # --- True transfers -----------------------------------------------------------------------

    def plain(self) -> None:
        """A withdrawal here, a deposit there."""
        coin = self.rng.choice(COINS)
        amount = self._amount(coin)
        out, into = self._pair(coin, amount, self._moment())
        self._add(out, into, "plain")
        if self.rng.random() < 0.15:
            self._decoy(out, into)

    def twins(self) -> None:
        """Two of the same amount within the hour, that arrive in their order."""
        coin = self.rng.choice(COINS)
        amount, moment = self._amount(coin), self._moment()
        source, target = self.rng.sample(EXCHANGES, 2)
        first, arrived = self._pair(coin, amount, moment, (source, target))
        again = moment + timedelta(minutes=self.rng.randint(5, 50))
        second, later = self._pair(coin, amount, again, (source, target))
        latest = max(later.occurred_at, arrived.occurred_at + timedelta(seconds=30))
        self._add(first, arrived, "twin")
        self._add(second, replace(later, occurred_at=latest), "twin")

    def batch(self) -> None:
        """One withdrawal that reaches two or three accounts at once."""
        coin = self.rng.choice(COINS)
        parts = [self._amount(coin, digits=(5, 7)) for _ in range(self.rng.choice((2, 2, 3)))]
        source, *targets = self.rng.sample(EXCHANGES, 1 + len(parts))
        out, _ = self._pair(coin, sum(parts, Decimal(0)), self._moment(), (source, targets[0]))
        has_id = self.rng.random() < 0.9
        txid = self._txid(coin[0])
        out = replace(out, txid=txid, fee=Decimal(coin[3]), fee_place=FeePlace.BESIDE)
        out = replace(out, amount=sum(parts, Decimal(0)), address="")
        for target, part in zip(targets, parts, strict=True):
            arrival = out.occurred_at + timedelta(minutes=self.rng.randint(2, 90))
            into = self._leg(coin, target, part, arrival, "in")
            into = replace(into, txid=self._spelled(txid) if has_id else "")
            self._add(out, into, "batch" if has_id else "batch without id")

    def own_move(self) -> None:
        """Between two wallets of one account, told as two halves."""
        coin, where = self.rng.choice(COINS), self.rng.choice(EXCHANGES)
        amount, moment = self._amount(coin), self._moment()
        out = replace(self._leg(coin, where, amount, moment, "out"), is_transfer=True)
        lag = timedelta(milliseconds=self.rng.randint(-900, 4000))
        into = self._leg(coin, where, amount, moment + lag, "in")
        into = replace(into, is_transfer=True, wallet="funding")
        self._add(replace(out, network=""), replace(into, network=""), "own move")

    def in_books(self) -> None:
        """To another account at the same exchange: no chain, one number on both sides."""
        coin, where = self.rng.choice(COINS), self.rng.choice(EXCHANGES)
        amount, moment = self._amount(coin), self._moment()
        number = str(self.rng.randint(10**9, 10**10))
        out = self._leg(coin, where, amount, moment, "out")
        arrival = moment + timedelta(seconds=self.rng.randint(0, 600))
        into = replace(self._leg(coin, where, amount, arrival, "in"), connection=f"{where}-2")
        spelled = self.rng.choice((f"Internal transfer {number}", f"Off-chain transfer {number}"))
        self._add(replace(out, txid=spelled), replace(into, reference=number), "in books")

    def _pair(
        self,
        coin: tuple[str, int, int, str, tuple[str, ...]],
        amount: Decimal,
        moment: datetime,
        ends: tuple[str, str] | None = None,
    ) -> tuple[Leg, Leg]:
        source, target = ends or self.rng.sample(EXCHANGES, 2)
        out = self._leg(coin, source, amount, moment, "out")
        into = self._leg(coin, target, amount, self._arrival(moment), "in")
        address = self.rng.choice(self._hosts[target, coin[0]])
        if self.rng.random() < 0.85:
            out = replace(out, address=address)
        if self.rng.random() < 0.6:
            into = replace(into, address=self._recased(address))
        out = self._with_fee(out, Decimal(coin[3]), amount)
        return self._with_ids(out, into)

    def _with_fee(self, out: Leg, fee: Decimal, arrives: Decimal) -> Leg:
        more, roll = arrives + fee, self.rng.random()
        if roll < 0.5:
            return replace(out, amount=arrives, fee=fee, fee_place=FeePlace.BESIDE)
        if roll < 0.7:
            return replace(out, amount=more, fee=fee, fee_place=FeePlace.INSIDE)
        if roll < 0.85:
            amount = self.rng.choice((arrives, more))
            return replace(out, amount=amount, fee=fee, fee_place=FeePlace.UNKNOWN)
        if roll < 0.92:
            return replace(out, amount=more, fee=None)  # taken, and told by nobody
        return replace(out, amount=arrives, fee=None)

    def _with_ids(self, out: Leg, into: Leg) -> tuple[Leg, Leg]:
        txid, roll = self._txid(out.asset), self.rng.random()
        if roll < 0.95:
            out = replace(out, txid=txid)
        if roll < 0.75 or 0.85 < roll < 0.97:
            into = replace(into, txid=self._spelled(txid))
        return (replace(out, txid="") if 0.85 < roll < 0.95 else out), into

    # --- What is no transfer ------------------------------------------------------------------

    def others(self, number: int) -> None:
        """Coins from and to other people, and dust that nobody asked for."""
        for _ in range(number):
            coin, roll = self.rng.choice(COINS), self.rng.random()
            where, side = self.rng.choice(EXCHANGES), self.rng.choice(("out", "in"))
            leg = self._leg(coin, where, self._amount(coin), self._moment(), side)
            if roll < 0.1:
                side, leg = "in", self._dust(coin, leg)
            leg = self._foreign(leg, coin[0], side)
            (self.case.outgoing if side == "out" else self.case.incoming).append(leg)

    def _dust(self, coin: tuple[str, int, int, str, tuple[str, ...]], leg: Leg) -> Leg:
        return replace(leg, id=self._ident("in"), amount=Decimal(546).scaleb(-coin[1]))

    def _foreign(self, leg: Leg, asset: str, side: str) -> Leg:
        """Its own transaction as a rule; a withdrawal goes to an address that is no exchange's."""
        if self.rng.random() < 0.8:
            leg = replace(leg, txid=self._txid(asset))
        if side == "in":
            known = self.rng.random() < 0.6
            hosts = self._hosts[leg.exchange, asset]
            return replace(leg, address=self.rng.choice(hosts)) if known else leg
        fee = Decimal(next(coin[3] for coin in COINS if coin[0] == asset))
        leg = replace(leg, fee=fee, fee_place=FeePlace.BESIDE)
        return replace(leg, address=self._address()) if self.rng.random() < 0.85 else leg

    def _decoy(self, out: Leg, into: Leg) -> None:
        """Another person's coins of the same amount, hours away."""
        side = self.rng.choice(("out", "in"))
        like = out if side == "out" else into
        away = timedelta(minutes=self.rng.randint(5, 1200)) * self.rng.choice((1, -1))
        where = self.rng.choice([c for c in EXCHANGES if c != like.exchange])
        leg = replace(
            like,
            id=self._ident(side),
            exchange=where,
            connection=where,
            occurred_at=like.occurred_at + away,
            txid="",
            address="",
            fee=None,
        )
        leg = self._foreign(leg, like.asset, side)
        (self.case.outgoing if side == "out" else self.case.incoming).append(leg)

    # --- Parts --------------------------------------------------------------------------------

    def _add(self, out: Leg, into: Leg, kind: str) -> None:
        if all(known.id != out.id for known in self.case.outgoing[-3:]):
            self.case.outgoing.append(out)
        self.case.incoming.append(into)
        self.case.truth.add((out.id, into.id))
        self.case.kinds[out.id, into.id] = kind

    def _leg(
        self,
        coin: tuple[str, int, int, str, tuple[str, ...]],
        where: str,
        amount: Decimal,
        moment: datetime,
        side: str,
    ) -> Leg:
        roll = self.rng.random()
        names = WRONG if roll < 0.04 else coin[4]
        return Leg(
            id=self._ident(side),
            connection=where,
            exchange=where,
            environment="live",
            wallet="spot",
            asset=coin[0],
            amount=amount,
            occurred_at=moment,
            network="" if roll > 0.8 else self.rng.choice(names),
        )

    def _ident(self, side: str) -> str:
        self._number += 1
        return f"{side}{self._number:07d}"

    def _moment(self) -> datetime:
        return START + timedelta(seconds=self.rng.randrange(self.days * 86_400))

    def _arrival(self, moment: datetime) -> datetime:
        """Minutes later, or hours; clocks differ by up to a quarter of an hour."""
        minutes = self.rng.lognormvariate(2.8, 0.7)
        if self.rng.random() < 0.1:
            minutes += self.rng.uniform(90, 420)
        return moment + timedelta(minutes=minutes, seconds=self.rng.randint(-900, 300))

    def _amount(
        self,
        coin: tuple[str, int, int, str, tuple[str, ...]],
        digits: tuple[int, int] | None = None,
    ) -> Decimal:
        """Many digits as a rule; one in ten is round."""
        roll = self.rng.random()
        few, many = digits or ((1, 2) if roll < 0.1 else (3, 4) if roll < 0.2 else (5, 8))
        count = self.rng.randint(few, many)
        number = self.rng.randint(10 ** (count - 1), 10**count - 1)
        power = max(coin[2] + self.rng.randint(0, 1) - count + 1, -coin[1])
        return Decimal(number).scaleb(power)

    def _txid(self, asset: str) -> str:
        if asset == "SOL":
            return "".join(self.rng.choices(_BASE58, k=88))
        digits = f"{self.rng.getrandbits(256):064x}"
        return f"0x{digits}" if asset in ("ETH", "USDC") else digits

    def _spelled(self, txid: str) -> str:
        """The same id as another exchange writes it."""
        if not txid or len(txid) == 88:
            return txid
        bare = txid.removeprefix("0x")
        ways = (txid, bare, bare.upper(), f"0x{bare}", f"{bare}:0", f"{txid}@wallet")
        return self.rng.choice(ways)

    def _address(self) -> str:
        return f"0x{self.rng.getrandbits(160):040x}"

    def _recased(self, address: str) -> str:
        return address if self.rng.random() < 0.5 else f"0x{address[2:].upper()}"
