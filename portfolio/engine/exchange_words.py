"""What kinds of event exchanges' own words mean, where answers and files use the same ones."""

from portfolio.engine.types import TransactionKind

_Kind = TransactionKind
# Types of futures income.
# https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api/Get-Income-History
BINANCE_INCOME = {
    "TRANSFER": _Kind.TRANSFER,
    "INTERNAL_TRANSFER": _Kind.TRANSFER,
    "CROSS_COLLATERAL_TRANSFER": _Kind.TRANSFER,
    "STRATEGY_UMFUTURES_TRANSFER": _Kind.TRANSFER,
    "REALIZED_PNL": _Kind.REALISED_PNL,
    "DELIVERED_SETTELMENT": _Kind.REALISED_PNL,  # the exchange's spelling
    "OPTIONS_SETTLE_PROFIT": _Kind.REALISED_PNL,
    "OPTIONS_PREMIUM_FEE": _Kind.FEE,
    "FUNDING_FEE": _Kind.FUNDING,
    "INSURANCE_CLEAR": _Kind.LIQUIDATION,
    "COMMISSION": _Kind.FEE,
    "FEE_RETURN": _Kind.FEE,
    "POSITION_LIMIT_INCREASE_FEE": _Kind.FEE,
    "WELCOME_BONUS": _Kind.REWARD,
    "REFERRAL_KICKBACK": _Kind.REWARD,
    "COMMISSION_REBATE": _Kind.REWARD,
    "API_REBATE": _Kind.REWARD,
    "CONTEST_REWARD": _Kind.REWARD,
    "BFUSD_REWARD": _Kind.REWARD,
    "AUTO_EXCHANGE": _Kind.CONVERSION,
    "COIN_SWAP_DEPOSIT": _Kind.CONVERSION,
    "COIN_SWAP_WITHDRAW": _Kind.CONVERSION,
}
