"""Summ (once Crypto Tax Calculator): base and quote in each row, one file for each source.

The type says which way the base went. Fees are beside the amounts; a fee row tells nothing else.
"""

from __future__ import annotations

from portfolio.engine import money
from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import dates, kinds, legs, two_sided
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET

Kind = TransactionKind

_IN = """
    buy fiat_deposit receive transfer_in chain_split income interest mining airdrop staking
    staking_withdrawal rebate cashback royalties incoming_gift borrow bridge_in mint
    collateral_withdrawal remove_liquidity receive_lp_token failed_in spam swap_in bridge_trade_in
    realized_profit close_position receive_pq
"""
_OUT = """
    sell fiat_withdrawal fee approval send transfer_out expense stolen lost burn staking_deposit
    personal_use gift outgoing_gift loan_repayment liquidate bridge_out collateral_deposit
    add_liquidity return_lp_token failed_out swap_out bridge_trade_out realized_loss margin_fee
    open_position send_pq
"""
_COMES, _GOES = frozenset(_IN.split()), frozenset(_OUT.split())
_OWN: kinds.Own = {
    **dict.fromkeys(("mint", "spam", "failed_in", "failed_out", "receive_pq"), kinds.MOVE),
    **dict.fromkeys(("send_pq", "bridge_trade_in", "bridge_trade_out"), kinds.MOVE),
    **dict.fromkeys(("swap_in", "swap_out"), kinds.MOVE),
    "liquidate": Kind.LIQUIDATION,
}


def _event(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    word = kinds.spelled(cells.get("type"))
    if word not in _COMES and word not in _GOES:
        raise NotUnderstood(f"“{cells.get('type')[:40]}” does not say whether it came or went")
    base = two_sided.needed(cells, ("base amount", "base currency"), reading)
    size = base.amount.copy_abs()
    moved = [legs.leg(WALLET, base.asset, size if word in _COMES else money.negate(size))]
    quote = two_sided.side(cells, ("quote amount", "quote currency"), reading)
    if quote and word in {"buy", "sell"}:
        paid = quote.amount.copy_abs()
        paid = money.negate(paid) if word == "buy" else paid
        moved.append(legs.leg(WALLET, quote.asset, paid))
    if fee := two_sided.side(cells, ("fee amount", "fee currency"), reading):
        moved.append(legs.fee(WALLET, fee.asset, fee.amount))
    detail = {
        "type": cells.get("type"),
        "from": cells.get("from"),
        "to": cells.get("to"),
        "network": cells.get("blockchain"),
        "txid": cells.get("id"),
        "description": cells.get("description"),
        "price": cells.get("reference price per unit"),
    }
    at = dates.moment(cells.get("timestamp (utc)"), reading)
    return two_sided.booked(at, kinds.kind(word, moved, _OWN), moved, detail)


FORMAT = ImportFormat(
    id="summ",
    rank=two_sided.RANK,
    title="Summ (Crypto Tax Calculator)",
    description="Summ's own layout, one file for each source.",
    headings=(
        (
            *("Timestamp (UTC)", "Type", "Base Currency", "Base Amount"),
            *("Quote Currency (Optional)", "Quote Amount (Optional)"),
            *("Fee Currency (Optional)", "Fee Amount (Optional)", "From (Optional)"),
            *("To (Optional)", "Blockchain (Optional)", "ID (Optional)"),
            *("Description (Optional)", "Reference Price Per Unit (Optional)"),
            "Reference Price Currency (Optional)",
        ),
    ),
    recognise=having("timestamp (utc)", "type", "base currency", "base amount"),
    entries=legs.one_each(),
    event=lambda entry, reading: two_sided.telling_line(entry, lambda: _event(entry, reading)),
)
