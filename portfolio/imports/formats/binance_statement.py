"""Binance's transaction history ("all statements"): one row for each leg, without ids.

Rows of one event share account and second. Of two trades of different pairs in one second it cannot
be told which leg is whose: their amounts are kept as one entry, unclassified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.codes import of_binance
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT, FUNDING, EARN = "spot", "funding", "earn"
USD_M, COIN_M = "usd-m futures", "coin-m futures"
CROSS, ISOLATED = "cross margin", "isolated margin"
_WALLETS = {
    **dict.fromkeys(("usd-mfutures", "usd-m futures", "usdt-futures", "um futures"), USD_M),
    **dict.fromkeys(("coin-mfutures", "coin-m futures", "coin-futures", "cm futures"), COIN_M),
    **dict.fromkeys(("crossmargin", "cross margin"), CROSS),
    **dict.fromkeys(("isolatedmargin", "isolated margin"), ISOLATED),
    **dict.fromkeys(("earn", "savings"), EARN),
    **dict.fromkeys(("funding", "p2p", "card"), FUNDING),
}
_DERIVATIVES, _MARGINS = (USD_M, COIN_M), (CROSS, ISOLATED)

_FEES = ("fee", "transaction fee")
_TRADES = (
    *_FEES,
    *("buy", "sell", "transaction related", "transaction buy", "transaction spend"),
    *("transaction sold", "transaction revenue"),
)
# Both legs of these have the same word.
_SWAPS = (
    *("binance convert", "convert", "large otc trading", "eth 2.0 staking", "sol staking"),
    *("leverage token redemption", "stablecoins auto-conversion", "buy crypto with card"),
    *("swap farming transaction", "liquid swap sell", "auto-invest transaction"),
    *("token swap - redenomination/rebranding", "token swap - distribution", "bnb fee deduction"),
    *("asset conversion", "isolated margin liquidation - fee", "leveraged coin consolidation"),
)
_DUST = (
    *("small assets exchange bnb", "small assets exchange bnb (spot)", "small assets exchange"),
    *("dust to bnb", "asset - transfer dust"),
)
# Out of a wallet into a product of earn, or back: the other side is often not in the file.
_SAVED = (
    *("simple earn flexible subscription", "simple earn flexible redemption"),
    *("simple earn locked subscription", "simple earn locked redemption"),
    *("staking purchase", "staking redemption", "savings purchase", "savings principal redemption"),
    *("pos savings purchase", "pos savings redemption", "launchpool subscription/redemption"),
    *("bnb vault subscription", "bnb vault redemption", "liquid swap add", "liquid swap remove"),
    *("liquid swap add/sell", "liquidity farming remove", "dual investment subscribe"),
    *("dual investment settlement", "locked staking purchase", "locked staking redemption"),
    *("launchpad subscribe", "defi staking purchase", "defi staking redemption"),
)
_MOVED = (
    *("transfer between main and funding wallet", "main and funding account transfer"),
    *("transfer between spot account and um futures account", "asset - transfer"),
    *("transfer between spot account and cm futures account", "transfer_in", "transfer_out"),
    *("transfer between main account/futures and margin account", "transfer funds to spot"),
    *("transfer between main account and margin account", "transfer funds to funding wallet"),
    *("collateral transfer", "sub-account transfer", "broker transfer", "transfer"),
)
# What is borrowed is owed: a margin balance is told less what is owed, so nothing moves there.
_LOANS = (
    *("borrow", "repay", "margin loan", "margin repayment", "isolated margin loan"),
    *("isolated margin repayment", "cross margin loan", "cross margin repayment"),
    *("crypto loan - borrow", "crypto loan - repayment", "crypto loan - collateral added"),
    *("crypto loan - collateral removed", "crypto loan - collateral return"),
    *("crypto loan - collateral spent", "crypto loan - collateral return after liquidation"),
    *("flexible loan - borrow", "flexible loan - repayment", "flexible loan - collateral added"),
    *("flexible loan - collateral removed", "flexible loan - collateral return"),
    "flexible loan - collateral spent",
)
_ALONE = legs.words(
    (_Kind.DEPOSIT, ("deposit", "fiat deposit", "buy crypto", "buy crypto with fiat",
                     "fiat ocbs - add fiat and fees", "crypto box", "p2p trading", "receive")),
    (_Kind.WITHDRAWAL, ("withdraw", "fiat withdraw", "fiat withdrawal", "send", "broker withdraw",
                        "binance card spending", "card spending", "sell crypto to fiat", "pay")),
    (_Kind.REWARD, ("eth 2.0 staking rewards", "pos savings interest", "staking rewards",
                    "simple earn locked rewards", "bnb vault rewards", "swap farming rewards",
                    "liquid swap rewards", "dot slot auction rewards", "super bnb mining",
                    "launchpool earnings withdrawal", "launchpool interest", "pool distribution",
                    "cash voucher distribution", "cash voucher", "mission reward distribution",
                    "campaign related reward", "megadrop rewards", "commission history",
                    "referrer rebates", "commission rebate", "commission fee shared with you",
                    "referral kickback", "referral commission", "distribution", "card cashback",
                    "binance card cashback", "rewards distribution", "binance convert bonus",
                    "simple earn flexible rewards", "defi staking rewards", "loyalty rewards",
                    "locked staking rewards", "alpha 2.0 tokens distribution")),
    (_Kind.INTEREST, ("simple earn flexible interest", "savings interest", "savings distribution",
                      "margin interest", "cross margin interest", "isolated margin interest",
                      "interest", "bnb deducts interest")),
    (_Kind.AIRDROP, ("airdrop assets", "simple earn flexible airdrop", "launchpool airdrop",
                     "hodler airdrops distribution",
                     "launchpool airdrop - system distribution",
                     "launchpool airdrop - user claim distribution")),
    (_Kind.FEE, ("nft gas fee", "um futures fee", "insurance fund fee")),
    (_Kind.FUNDING, ("funding fee",)),
    (_Kind.REALISED_PNL, ("realized profit and loss", "realize profit and loss",
                          "futures delivery", "options settlement")),
    (_Kind.LIQUIDATION, ("insurance fund", "insurance clear", "isolated margin liquidation",
                         "cross margin liquidation", "margin liquidation", "liquidation")),
    (_Kind.ADJUSTMENT, ("asset recovery", "token swap restitution")),
    (_Kind.OTHER, ("freeze", "unfreeze", *_LOANS)),
)  # fmt: skip
_WHEN_OUT = {  # a payout that is taken back
    _Kind.REWARD: _Kind.ADJUSTMENT,
    _Kind.AIRDROP: _Kind.ADJUSTMENT,
    _Kind.DEPOSIT: _Kind.WITHDRAWAL,
}
_WHEN_IN = {_Kind.WITHDRAWAL: _Kind.DEPOSIT}
_LAYOUTS = ("%Y-%m-%d %H:%M:%S", "%y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S")


def _time(row: Row) -> str:
    return cells.text(row, "UTC_Time", "Time", "Durée")


def _word(row: Row) -> str:
    return cells.text(row, "Operation", "Opération").lower()


def _coin(row: Row) -> str:
    return cells.text(row, "Coin", "Jeton").upper()


def _wallet(row: Row) -> str:
    account = cells.text(row, "Account", "Compte").lower()
    return _WALLETS.get(account, account or SPOT)


def _group(row: Row) -> tuple[str, ...] | None:
    """Returns what rows of one event have in common; None for those that stand alone."""
    second, word, wallet = _time(row), _word(row), _wallet(row)
    size = cells.text(row, "Change").lstrip("+-")
    if not second:
        return None
    if word in _TRADES:
        return None if wallet in _DERIVATIVES else ("trade", second, wallet)
    if word in (*_SWAPS, *_DUST):
        return (word, second, wallet)
    if word in _SAVED:
        return (word, second, _coin(row).removeprefix("LD"), size)
    if word in _MOVED:
        return ("transfer", second, _coin(row), size)
    return None


def _incomplete(row: Row) -> str:
    """Statements hold rows without a time, a coin or a change: they tell of nothing that moved."""
    parts = (("time", _time(row)), ("coin", _coin(row)), ("change", cells.text(row, "Change")))
    missing = next((name for name, cell in parts if not cell), "")
    return f"it has no {missing}: nothing that moved is told" if missing else ""


def _event(entry: Entry, reading: Reading) -> Event:
    first = entry.rows[0]
    word = _word(first)
    cells.needed(first, "Operation", "Opération")
    at = min(_at(row, reading) for row in entry.rows)
    moved = legs.summed(_leg(row, at, reading) for row in entry.rows)
    told = ", ".join(sorted({cells.text(row, "Operation", "Opération") for row in entry.rows}))
    remarks = sorted({cells.text(row, "Remark", "Remarque") for row in entry.rows} - {""})
    note = "; ".join(remarks)[:500]
    if word in _SAVED:
        return legs.event(_Kind.TRANSFER, at, _both_sides(entry.rows, moved), type=told, note=note)
    if word in _LOANS and _wallet(first) in _MARGINS:
        amounts = ", ".join(f"{money.plain(m.amount)} {m.asset}" for m in moved)
        return legs.event(_Kind.OTHER, at, (), type=told, amount=amounts, note=note)
    return legs.event(_kind(word, moved), at, moved, type=told, note=note)


def _at(row: Row, reading: Reading) -> datetime:
    return cells.at(row, cells.needed(row, "UTC_Time", "Time", "Durée"), "Time", reading, *_LAYOUTS)


def _leg(row: Row, at: datetime, reading: Reading) -> Movement:
    word, wallet = _word(row), _wallet(row)
    cells.needed(row, "Coin", "Jeton")
    is_fee = word in _FEES or _ALONE.get(word) is _Kind.FEE
    role = PostingRole.FEE if is_fee else PostingRole.PRINCIPAL
    amount = cells.amount(row, reading, "Change")
    return Movement(wallet, of_binance(_coin(row), at), amount, role)


def _kind(word: str, moved: tuple[Movement, ...]) -> TransactionKind:
    if word in _TRADES:
        only_fees = all(m.role is PostingRole.FEE for m in moved)
        return _Kind.FEE if only_fees else legs.exchanged(_Kind.TRADE, moved)
    if word in _SWAPS or word in _DUST:
        return legs.exchanged(_Kind.CONVERSION, moved, many=word in _DUST)
    if word in _MOVED:
        return _Kind.TRANSFER
    kind = _ALONE.get(word, _Kind.UNCLASSIFIED)
    if moved and all(m.amount < 0 for m in moved):
        return _WHEN_OUT.get(kind, kind)
    return _WHEN_IN.get(kind, kind)


def _both_sides(rows: Iterable[Row], moved: tuple[Movement, ...]) -> tuple[Movement, ...]:
    """A move into earn or out of it, with the side that the file leaves out.

    Older files have a receipt for it (LDBNB for BNB) in the spot wallet: that is what is in earn.
    """
    receipts = {m.asset for m in moved if m.asset.startswith("LD")}
    plain = {m.asset for m in moved} - receipts
    told = tuple(
        replace(m, wallet=EARN, asset=m.asset[2:])
        if m.asset in receipts and m.asset[2:] in plain
        else m
        for m in moved
    )
    missing: dict[str, Decimal] = {}
    for m in told:
        missing[m.asset] = money.add(missing.get(m.asset, money.ZERO), m.amount)
    other = (legs.leg(EARN, asset, money.negate(left)) for asset, left in missing.items() if left)
    return (*told, *other)


_DESCRIPTION = (
    "Transaction history of all accounts, one row for each amount: Wallet, Transaction History."
)
_HEADING = ("Account", "Operation", "Coin", "Change", "Remark")
_entries = legs.grouped(_group, left_out=_incomplete)


def _named() -> Iterator[ImportFormat]:
    yield ImportFormat(
        id="binance-statement",
        title="Binance: transaction history",
        description=_DESCRIPTION,
        headings=(("UTC_Time", *_HEADING), ("User_ID", "UTC_Time", *_HEADING)),
        entries=_entries,
        event=_event,
        exchange="binance",
        private=frozenset(("User_ID",)),
    )
    # Newer files are in the zone that was chosen when they were made; only their name tells it.
    yield ImportFormat(
        id="binance-statement-local",
        title="Binance: transaction history in a zone of one's own",
        description=f"{_DESCRIPTION} The zone stands in the file's name, such as (UTC+3).",
        headings=(
            ("User ID", "Time", *_HEADING),
            ("Identifiant utilisateur", "Durée", "Compte", "Opération", "Jeton", "Change",
             "Remarque"),
        ),
        entries=_entries,
        event=_event,
        exchange="binance",
        asks=("zone",),
        private=frozenset(("User ID", "Identifiant utilisateur")),
    )  # fmt: skip


FORMATS = tuple(_named())
