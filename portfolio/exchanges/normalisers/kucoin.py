"""KuCoin: each wallet's ledger books what moves; deposit and withdrawal lists explain its rows.

A ledger row's ``amount`` is what the balance changed by, its fee already taken; ``direction`` is
its sign. Rows of one trade share symbol and trade number, which ``context`` names.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.exchange_codes import ALIASES
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

FUNDING, SPOT, FUTURES = "funding", "spot", "futures"
CROSS, ISOLATED = "cross margin", "isolated margin"
WALLETS = {
    "MAIN": FUNDING,
    "TRADE": SPOT,
    "TRADE_HF": SPOT,
    "MARGIN": CROSS,
    "MARGIN_V2": CROSS,
    "ISOLATED": ISOLATED,
    "ISOLATED_V2": ISOLATED,
}
_MARGINS = (CROSS, ISOLATED)
_ELSEWHERE = ("TRADE_HF", "MARGIN_V2", "ISOLATED_V2", "CONTRACT")  # have ledgers of their own

# Names that are another coin's elsewhere.
_ASSETS = ALIASES["kucoin"]

# Words of both spellings: "Instant Exchange" in older rows, "INSTANT_EXCHANGE" in newer ones.
_KINDS = {
    **dict.fromkeys(("deposit",), TransactionKind.DEPOSIT),
    **dict.fromkeys(("withdrawal", "withdraw"), TransactionKind.WITHDRAWAL),
    **dict.fromkeys(
        (
            *("transfer", "sub transfer", "sub account transfer", "sub to sub transfer"),
            *("broker transfer", "assets transferred in after upgrading", "lendings", "loans"),
            *("loans repaid", "staking", "redemption", "voting", "redemption of voting"),
            *("pool transactions", "soft staking", "kucoin earn", "earn", "bot transfer"),
        ),
        TransactionKind.TRANSFER,
    ),
    **dict.fromkeys(
        ("trade exchange", "exchange", "spot exchange", "margin trade", "margin exchange"),
        TransactionKind.TRADE,
    ),
    **dict.fromkeys(("isolated exchange", "isolated trade"), TransactionKind.TRADE),
    **dict.fromkeys(
        (
            *("instant exchange", "convert", "convert to kcs", "buy crypto", "sell crypto"),
            *("small assets conversion", "dust exchange", "auto exchange user"),
        ),
        TransactionKind.CONVERSION,
    ),
    **dict.fromkeys(
        (
            *("kucoin bonus", "referral bonus", "rewards", "other rewards", "fee rebate"),
            *("refunded fees", "returned fees", "kcs returned fees", "spot exchange rebate"),
            *("distribution", "staking profits", "soft staking profits", "voting earnings"),
            *("lockdrop vesting", "cash back", "open red envelope"),
        ),
        TransactionKind.REWARD,
    ),
    "airdrop/fork": TransactionKind.AIRDROP,
    "airdrop": TransactionKind.AIRDROP,
    **dict.fromkeys(
        ("kcs pay fees", "deduction fees", "kcs deduction fees", "liquidation fees"),
        TransactionKind.FEE,
    ),
    "liability interest": TransactionKind.INTEREST,
    "interest": TransactionKind.INTEREST,
    **dict.fromkeys(("liquidation", "assert return", "asset return"), TransactionKind.LIQUIDATION),
}
_LOANS = ("borrow", "repay", "debt repayment")  # the balance is told less what is owed


def asset(code: str) -> str:
    """Return the canonical code of one of KuCoin's currencies."""
    return _ASSETS.get(code, code)


def ledger(stream: StreamSpec, row: dict[str, Any]) -> Event | None:
    """One row of the funding wallet's ledger (and of older spot and margin accounts).

    None for rows of accounts whose own ledger tells of them too: those have numbers for ids, the
    others 24 hexadecimal digits.
    """
    account = str(row["accountType"]).upper()
    of_newer = account == "TRADE" and len(str(row["id"])) < 24
    return None if account in _ELSEWHERE or of_newer else own_ledger(stream, row)


def own_ledger(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row of the ledger of the spot wallet or of the margin wallets."""
    word, wallet = _word(row), _wallet(row)
    kind = kind_of(word, _KINDS)
    about = _context(row)
    shown = detail(about, symbol="symbol", order="orderId", trade="tradeId", note="description")
    told = {**shown, "type": str(row["bizType"])}
    if wallet in _MARGINS and any(loan in word for loan in _LOANS):
        amount = format(exact(row["amount"]).normalize(), "f")
        return _event(row, TransactionKind.OTHER, about, (), {**told, "amount": amount})
    return _event(row, kind, about, _movements(row, wallet, kind), told)


def _event(
    row: dict[str, Any],
    kind: TransactionKind,
    about: dict[str, Any],
    moved: tuple[Movement, ...],
    shown: dict[str, str],
) -> Event:
    return Event(_key(row, kind, about), kind, at_ms(row["createdAt"]), moved, shown)


def _movements(row: dict[str, Any], wallet: str, kind: TransactionKind) -> tuple[Movement, ...]:
    comes = str(row["direction"]).lower() == "in"
    amount, fee = exact(row["amount"]).copy_abs(), exact(row.get("fee") or "0").copy_abs()
    change, code = amount if comes else money.negate(amount), asset(row["currency"])
    if kind is TransactionKind.FEE:
        return _that_move((Movement(wallet, code, change, PostingRole.FEE),))
    moved = (
        Movement(wallet, code, money.add(change, fee)),
        Movement(wallet, code, money.negate(fee), PostingRole.FEE),
    )
    return _that_move(moved)


def _key(row: dict[str, Any], kind: TransactionKind, about: dict[str, Any]) -> str:
    order, trade = about.get("orderId"), about.get("tradeId")
    if trade and kind in (TransactionKind.TRADE, TransactionKind.FEE):
        return f"trade:{about.get('symbol')}:{trade}"
    if kind is TransactionKind.DEPOSIT and about.get("txId"):
        return f"deposit:{row['currency']}:{transaction(about['txId'])}"
    if kind is TransactionKind.WITHDRAWAL and order:
        return f"withdrawal:{order}"
    if kind in (TransactionKind.CONVERSION, TransactionKind.TRANSFER) and order:
        return f"{kind}:{order}"
    return f"ledger:{row['id']}"


def _word(row: dict[str, Any]) -> str:
    return str(row["bizType"]).lower().replace("_", " ").replace("-", " ").strip()


def _wallet(row: dict[str, Any]) -> str:
    account = str(row["accountType"]).upper()
    return WALLETS.get(account, account.lower())


def _context(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the row is about; the documentation has it with either kind of quotes."""
    text = str(row.get("context") or "")
    for written in (text, text.replace("'", '"')):
        try:
            about = json.loads(written)
        except ValueError:
            continue
        return about if isinstance(about, dict) else {}
    return {}


def transaction(text: Any) -> str:
    """Return the transaction on the chain of ``0x79bb...@default@0``."""
    return str(text).partition("@")[0]


def deposit_id(row: dict[str, Any]) -> str:
    """Return what names a deposit, which has no id."""
    told = str(row.get("walletTxId") or f"{row['createdAt']}:{row['amount']}")
    return f"{row['currency']}:{told}"


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Address and transaction of a deposit, for the ledger row that books it."""
    named = row.get("walletTxId")
    place = f"{row['currency']}:{transaction(named)}" if named else deposit_id(row)
    return _travel(f"deposit:{place}", TransactionKind.DEPOSIT, row)


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Address and transaction of a withdrawal, for the ledger row that books it."""
    return _travel(f"withdrawal:{row['id']}", TransactionKind.WITHDRAWAL, row)


def _travel(key: str, kind: TransactionKind, row: dict[str, Any]) -> Event:
    named = row.get("walletTxId")
    shown = detail(row, network="chain", address="address", tag="memo", note="remark")
    if row.get("isInner"):
        shown["network"] = "within KuCoin"
    elif named:
        shown["txid"] = transaction(named)
    told = {**shown, "status": str(row["status"]).lower()}
    return Event(key, kind, at_ms(row["createdAt"]), detail=told)


def interest_id(row: dict[str, Any]) -> str:
    """Return what names interest, which has no id."""
    return ":".join(str(row[name]) for name in ("currency", "createdTime", "interestAmount"))


def interest(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """Interest that a loan of the cross margin account has cost; it is owed from then on."""
    amount = exact(row["interestAmount"])
    moved = (Movement(CROSS, asset(row["currency"]), money.negate(amount)),)
    return Event(
        key=f"interest:{interest_id(row)}",
        kind=TransactionKind.INTEREST,
        occurred_at=at_ms(row["createdTime"]),
        movements=_that_move(moved),
        detail=detail(row, rate="dayRatio"),
    )


_FUTURES_KINDS = {
    "realisedpnl": TransactionKind.REALISED_PNL,
    "transferin": TransactionKind.TRANSFER,
    "transferout": TransactionKind.TRANSFER,
    "deposit": TransactionKind.DEPOSIT,
    "withdrawal": TransactionKind.WITHDRAWAL,
}
_GOES_OUT = ("transferout", "withdrawal")


def futures_id(row: dict[str, Any]) -> str:
    """Return what tells rows of the futures ledger apart."""
    return ":".join(str(row[name]) for name in ("offset", "time", "currency", "type"))


def futures(stream: StreamSpec, row: dict[str, Any]) -> Event | None:
    """One row of the futures ledger; None while it is pending: its amount still changes.

    Realised profit is told for each contract every eight hours, with fees and funding in it.
    """
    if str(row["status"]).lower() == "pending":
        return None
    word = str(row["type"]).lower()
    moved = (Movement(FUTURES, asset(row["currency"]), _signed(row, word)),)
    return Event(
        key=f"futures:{futures_id(row)}",
        kind=kind_of(word, _FUTURES_KINDS),
        occurred_at=at_ms(row["time"]),
        movements=_that_move(moved),
        detail=detail(row, type="type", note="remark", status="status"),
    )


def _signed(row: dict[str, Any], word: str) -> Decimal:
    amount = exact(row["amount"])
    return money.negate(amount.copy_abs()) if word in _GOES_OUT else amount


def _that_move(movements: tuple[Movement, ...]) -> tuple[Movement, ...]:
    return tuple(movement for movement in movements if movement.amount)
