"""What the words of other programs mean: one vocabulary, since most of them use the same words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from portfolio.engine.types import Movement, PostingRole, TransactionKind

Kind = TransactionKind

# A move in or out whose word tells no more than its direction, or that of a tool's own tax.
_MOVES = """
    deposit withdrawal withdraw receive received send sent transfer transfer_in transfer_out
    fiat_deposit fiat_withdrawal crypto_deposit crypto_withdrawal unlabeled_deposit
    unlabeled_withdrawal non_taxable_in non_taxable_out income_non_taxable expense_non_taxable
    add_funds remove_funds internal in out recv bridge_in bridge_out
"""
_WORDS: dict[Kind, str] = {
    Kind.TRADE: """trade buy sell sale exchange margin_trade swap crypto_to_crypto coin_buy
        coin_sell derivatives_futures_trade initial_coin_offering""",
    Kind.CONVERSION: "convert conversion swap_non_taxable wrap unwrap dust dust_conversion",
    Kind.MINING: "mining mining_commercial mined",
    Kind.FORK: "fork hard_fork hardfork chain_split forking",
    Kind.GIFT: """gift gift_in gift_out gift_tip gift_tip_in gift_tip_out gift_received gift_sent
        gift_spouse incoming_gift outgoing_gift spouse donation donate charity_sent""",
    Kind.PAYMENT: """spend spending payment merchant_payment expense other_expense purchase
        personal_use tax gambling_used""",
    Kind.LOST: "lost stolen theft theft_loss casualty_loss burn",
    Kind.REWARD: """reward rewards reward_bonus bonus staking staking_reward staked
        staking_income masternode master_node minting income
        other_income misc_reward bounty bounties referral cashback salary wages royalties
        dividend dividends_income dividend_received lp_rewards liquidity_pool gambling
        gambling_income learning_reward""",
    Kind.INTEREST: """interest interest_income interest_received lending lending_interest
        lending_income loan_interest interest_payment interest_paid interest_expense loan_fee
        borrowing_fee lending_fee""",
    Kind.AIRDROP: "airdrop airdrop_non_taxable",
    Kind.FEE: """fee cost other_fee network_fee settlement_fee margin_fee fee_refund fee_rebate
        rebate margin_rebate margin_fee_rebate derivative_fee margin_trading_fee
        futures_fee trading_fee platform_fee fees approval""",
    Kind.FUNDING: "funding funding_fee funding_payment funding_rate",
    Kind.REALISED_PNL: """realized_gain realized_p_l realized_pnl realised_pnl realized_profit
        realized_loss margin_gain margin_profit margin_loss
        derivatives_futures_profit derivatives_futures_loss derivative_profit derivative_loss
        margin_trading_profit margin_trading_loss investment_loss close_position""",
    Kind.LIQUIDATION: "liquidation liquidate",
    Kind.OTHER: """stake unstake staking_deposit staking_withdrawal loan margin_loan loan_repayment
        margin_repayment receive_loan repay_loan borrow loan_principal loan_principal_payment
        loan_collateral loan_collateral_unlocked collateral_deposit collateral_withdrawal
        provide_liquidity remove_liquidity add_liquidity receive_lp_token return_lp_token
        liquidity_in liquidity_out to_pool from_pool sent_to_pool received_from_pool
        add_to_pool remove_from_pool open_position""",
}
MOVES = frozenset(_MOVES.split())
KNOWN = {word: kind for kind, words in _WORDS.items() for word in words.split()}


# What kinds need: without it the word is not what happened.
_COMES = {Kind.TRADE, Kind.CONVERSION, Kind.DEPOSIT, Kind.AIRDROP, Kind.MINING, Kind.FORK}
_LEAVES = {Kind.TRADE, Kind.CONVERSION, Kind.WITHDRAWAL, Kind.PAYMENT, Kind.LOST}

# Words of one format alone, in the vocabulary's spelling; MOVE: no more than a direction.
Own = Mapping[str, Kind | None]
MOVE = None


@lru_cache(maxsize=4096)
def spelled(word: str) -> str:
    """A word in the vocabulary's spelling: "Gift / Tip (In)" and "GiftTip-in" are gift_tip_in."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word)
    return re.sub(r"[\W_]+", "_", parted).strip("_").casefold()


def deciding(words: Iterable[str], own: Own) -> str:
    """The word that decides: the first that tells more than a direction, or the first at all."""
    told = [word for word in words if spelled(word)]
    special = (word for word in told if not _is_move(spelled(word), own))
    return next(special, told[0] if told else "")


def kind(word: str, movements: Sequence[Movement], own: Own) -> Kind:
    """What an event is, by the word that decides and by what moved; only a fee moved: a fee.

    A word that is not known, or that the amounts do not fit, makes the event unclassified: a person
    says what it is. Without a word, or where it tells only a direction, the amounts decide.
    """
    principal = [m for m in movements if m.role is PostingRole.PRINCIPAL]
    came = {m.asset for m in principal if m.amount > 0}
    left = {m.asset for m in principal if m.amount < 0}
    if not principal:
        return Kind.FEE
    told = spelled(word)
    if not told or _is_move(told, own):
        return _by_sides(came, left, told)
    found = own.get(told) or KNOWN.get(told, Kind.UNCLASSIFIED)
    is_misfit = (found in _COMES and not came) or (found in _LEAVES and not left)
    return Kind.UNCLASSIFIED if is_misfit else found


def _is_move(told: str, own: Own) -> bool:
    return own[told] is MOVE if told in own else told in MOVES


def _by_sides(came: set[str], left: set[str], told: str) -> Kind:
    if not left:
        return Kind.DEPOSIT
    if not came:
        return Kind.WITHDRAWAL
    if came == left:
        return Kind.TRANSFER
    return Kind.UNCLASSIFIED if told else Kind.TRADE
