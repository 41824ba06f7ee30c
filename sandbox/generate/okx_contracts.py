"""Contracts in an OKX account: opening, closing, funding, liquidation, delivery, options."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.amounts import ZERO, down, exact, near, plain
from sandbox.generate.okx import OkxLife, Row
from sandbox.generate.okx_markets import CONTRACTS, Contract

FEE = Decimal("0.0005")
OPTION_FEE = Decimal("0.0003")
PLACES = 10


@dataclass(slots=True)
class Contracts:
    """Positions of one account: contracts held and the price they were opened at."""

    life: OkxLife

    @property
    def held(self) -> dict[str, tuple[int, Decimal]]:
        """What is open."""
        return self.life.account.positions

    def open(self, time_ms: int, name: str, count: int) -> None:
        """Buy contracts, or sell them short (a negative count); only the fee is paid."""
        contract, price = CONTRACTS[name], self._price(name, time_ms)
        self.held[name] = (count, price)
        sub, side = ("3", "buy") if count > 0 else ("4", "sell")
        self._trade(time_ms, contract, (price, abs(count)), ZERO, sub=sub, side=side)

    def close(self, time_ms: int, name: str) -> None:
        """Close a position: what was won or lost, and the fee."""
        (count, entry), price = self.held.pop(name), self._price(name, time_ms)
        with exact():
            won = (price - entry) * count * CONTRACTS[name].size
        sub, side = ("5", "sell") if count > 0 else ("6", "buy")
        self._trade(time_ms, CONTRACTS[name], (price, abs(count)), won, sub=sub, side=side)

    def liquidate(self, time_ms: int, name: str) -> None:
        """The exchange closes the position, at a loss."""
        count, entry = self.held.pop(name)
        with exact():
            price = near(entry * Decimal("0.96"), 1)
            lost = (price - entry) * count * CONTRACTS[name].size
        deal = (price, count)
        self._trade(time_ms, CONTRACTS[name], deal, lost, sub="104", side="sell", kind="5")

    def deliver(self, time_ms: int, name: str) -> None:
        """A contract expires: it is settled at the price of the day, no trade is made."""
        (count, entry), price = self.held.pop(name), self._price(name, time_ms)
        with exact():
            won = (price - entry) * count * CONTRACTS[name].size
        more = _about(CONTRACTS[name]) | {"pnl": plain(won), "px": plain(price), "sz": str(count)}
        self.life.bill(time_ms, CONTRACTS[name].settle, won, "3", "112", **more)

    def funding(self, time_ms: int, name: str) -> None:
        """A funding payment, mostly paid and sometimes received, while a position is open."""
        if name not in self.held:
            return
        contract, (count, _) = CONTRACTS[name], self.held[name]
        rate = Decimal(self.life.rng.randint(-60, 140)).scaleb(-6)
        with exact():
            amount = -down(self._price(name, time_ms) * count * contract.size * rate, PLACES)
        sub = "174" if amount > 0 else "173"
        more = _about(contract) | {"pnl": plain(amount), "sz": str(abs(count))}
        self.life.bill(time_ms, contract.settle, amount, "8", sub, **more)

    def option(self, time_ms: int, name: str, count: int, premium: Decimal, *, buy: bool) -> None:
        """Buy or sell an option: the premium is in the coin itself."""
        if buy:
            self.held[name] = (count, premium)
        else:
            self.held.pop(name)
        with exact():
            cost = premium * count * CONTRACTS[name].size
        moved, sub, side = (-cost, "1", "buy") if buy else (cost, "2", "sell")
        deal = (premium, count)
        self._trade(time_ms, CONTRACTS[name], deal, moved, sub=sub, side=side, won=ZERO)

    def interest(self, time_ms: int, code: str, amount: Decimal) -> None:
        """Interest on what was borrowed for margin trades."""
        more = {"interest": plain(-amount)}
        self.life.bill(time_ms, code, -amount, "7", "9", **more)

    def _trade(
        self,
        time_ms: int,
        contract: Contract,
        deal: tuple[Decimal, int],
        amount: Decimal,
        *,
        sub: str,
        side: str,
        kind: str = "2",
        won: Decimal | None = None,
    ) -> None:
        life, (price, count) = self.life, deal
        rate = OPTION_FEE if contract.kind == "OPTION" else FEE * price
        with exact():
            fee = -down(rate * count * contract.size, PLACES)
            changed = amount + fee
        order = str(life.rng.randrange(10**17, 10**18))
        common: Row = life.traded(time_ms, contract.id, contract.kind, order, price, maker=False)
        pnl = plain(amount if won is None else won)
        more = common | {"fee": plain(fee), "pnl": pnl, "sz": str(count)}
        bill = life.bill(time_ms, contract.settle, changed, kind, sub, **more)
        life.fill(time_ms, bill, Decimal(count), fee, side=side)

    def _price(self, name: str, time_ms: int) -> Decimal:
        return self.life.prices.at(CONTRACTS[name].base, "USDT", time_ms, 1)


def _about(contract: Contract) -> dict[str, str]:
    return {"instId": contract.id, "instType": contract.kind, "mgnMode": "cross"}
