"""The Crypto.com App: a row for each transaction; swaps have two, dust many in one second."""

from __future__ import annotations

import re

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
APP, EARN, INVEST = "app", "earn", "invest"
_SWAPPED = re.compile(
    r"^(dust_conversion|lockup_swap|dynamic_coin_swap|interest_swap|crypto_wallet_swap|"
    r"token_migration)_(?:credited|debited)$"
)
_LOCKED = re.compile(r"^trading\.limit_order\..*_(?:lock|unlock)$")
_KINDS = legs.words(
    (_Kind.TRADE, ("viban_purchase", "van_purchase", "crypto_viban_exchange", "crypto_exchange",
                   "crypto_to_van_sell_order", "recurring_buy_order",
                   "trading.limit_order.fiat_wallet.sell_commit",
                   "trading.limit_order.fiat_wallet.purchase_commit",
                   "trading.limit_order.cash_account.purchase_commit",
                   "trading.limit_order.cash_account.sell_commit",
                   "trading.limit_order.crypto_wallet.exchange",
                   "trading.crypto_purchase.google_pay")),
    (_Kind.DEPOSIT, ("crypto_deposit", "viban_deposit", "crypto_purchase", "van_deposit",
                     "crypto_payment_refund", "fiat_deposit")),
    (_Kind.WITHDRAWAL, ("crypto_withdrawal", "viban_withdrawal", "crypto_payment", "card_top_up",
                        "viban_card_top_up", "van_withdrawal", "card_spend",
                        "fiat_withdrawal")),
    (_Kind.TRANSFER, ("exchange_to_crypto_transfer", "crypto_to_exchange_transfer",
                      "airdrop_to_exchange_transfer",
                      "dynamic_coin_swap_bonus_exchange_deposit")),
    (_Kind.REWARD, ("mco_stake_reward", "referral_bonus", "referral_gift",
                    "referral_card_cashback", "transfer_cashback", "pay_checkout_reward",
                    "reimbursement", "gift_card_reward", "campaign_reward",
                    "rewards_platform_deposit_credited", "lockup_swap_rebate",
                    "supercharger_reward_to_app_credited", "card_cashback",
                    "council_node_reward")),
    (_Kind.INTEREST, ("crypto_earn_interest_paid", "crypto_earn_extra_interest_paid",
                      "finance.lockup.dpos_compound_interest.crypto_wallet",
                      "finance.dpos.non_compound_interest.crypto_wallet",
                      "finance.dpos.compound_interest.crypto_wallet")),
    (_Kind.AIRDROP, ("airdrop_locked", "airdrop")),
    (_Kind.ADJUSTMENT, ("reimbursement_reverted", "card_cashback_reverted",
                        "admin_wallet_credited", "admin_wallet_debited")),
)  # fmt: skip
# Out of the first wallet into the second.
_PLACES = {
    **dict.fromkeys(
        ("crypto_earn_program_created", "lockup_lock", "lockup_upgrade", "supercharger_deposit",
         "council_node_deposit_created", "finance.lockup.dpos_lock.crypto_wallet",
         "finance.dpos.staking.crypto_wallet"),
        (APP, EARN),
    ),
    **dict.fromkeys(
        ("crypto_earn_program_withdrawn", "lockup_unlock", "supercharger_withdrawal",
         "finance.dpos.unstaking.crypto_wallet"),
        (EARN, APP),
    ),
    "invest_deposit": (APP, INVEST),
    "invest_withdrawal": (INVEST, APP),
}  # fmt: skip


def _word(row: Row) -> str:
    return cells.text(row, "Transaction Kind").lower()


def _group(row: Row) -> tuple[str, ...] | None:
    swapped = _SWAPPED.match(_word(row))
    return (swapped.group(1), cells.text(row, "Timestamp (UTC)")) if swapped else None


def _event(entry: Entry, reading: Reading) -> Event:
    first = entry.rows[0]
    word = _word(first)
    moved: list[Movement] = []
    for row in entry.rows:
        moved += _moved(row, reading)
    if _SWAPPED.match(word):
        kind = legs.exchanged(_Kind.CONVERSION, moved, many=True)
    else:
        kind = _kind(first, word, moved)
    bought = word == "crypto_purchase"
    native = f"{cells.text(first, 'Native Amount')} {cells.text(first, 'Native Currency')}"
    return legs.event(
        kind,
        min(cells.when(row, reading, "Timestamp (UTC)") for row in entry.rows),
        legs.summed(moved),
        type=cells.text(first, "Transaction Kind"),
        note=cells.text(first, "Transaction Description"),
        paid=native if bought else "",
        txid=cells.text(first, "Transaction Hash"),
    )


def _kind(row: Row, word: str, moved: list[Movement]) -> TransactionKind:
    if word in _PLACES:
        return _Kind.TRANSFER
    if _LOCKED.match(word):
        return _Kind.OTHER
    comes = bool(moved) and moved[0].amount > 0
    if word == "crypto_transfer":
        return _Kind.DEPOSIT if comes else _Kind.WITHDRAWAL
    if not word:
        about = cells.text(row, "Transaction Description").lower()
        for part, kind in (("deposit", _Kind.DEPOSIT), ("withdraw", _Kind.WITHDRAWAL)):
            if part in about:
                return kind
    kind = legs.kind_of(word, _KINDS)
    return legs.exchanged(kind, moved) if kind is _Kind.TRADE else kind


def _moved(row: Row, reading: Reading) -> list[Movement]:
    word, code = _word(row), cells.needed(row, "Currency").upper()
    size = cells.amount(row, reading, "Amount")
    if word in _PLACES:
        source, target = _PLACES[word]
        whole = size.copy_abs()
        return [legs.leg(source, code, money.negate(whole)), legs.leg(target, code, whole)]
    if _LOCKED.match(word):  # an order holds the coins, or lets them go
        return []
    to, got = cells.text(row, "To Currency").upper(), cells.optional(row, reading, "To Amount")
    if legs.kind_of(word, _KINDS) is _Kind.TRADE and to and got:
        return list(legs.swap(APP, "buy", (to, got), (code, size)))
    return [legs.leg(APP, code, size)]


FORMAT = ImportFormat(
    id="cryptocom-app",
    title="Crypto.com App: transactions",
    description="Transaction history of the app's crypto, fiat or card wallet; times are UTC.",
    headings=(
        ("Timestamp (UTC)", "Transaction Description", "Currency", "Amount", "To Currency",
         "To Amount", "Native Currency", "Native Amount", "Native Amount (in USD)",
         "Transaction Kind"),
    ),
    entries=legs.without_emails(legs.grouped(_group), "Transaction Description"),
    event=_event,
    exchange="cryptocomapp",
)  # fmt: skip
