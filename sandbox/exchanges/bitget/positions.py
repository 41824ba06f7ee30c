"""Open positions as the exchange shows them: what they would win or lose if closed now."""

from decimal import Decimal

from sandbox.amounts import exact, plain
from sandbox.generate.bitget import FUTURES_WALLETS, BitgetAccount, Row
from sandbox.generate.bitget_markets import COIN_M, CONTRACTS
from sandbox.generate.prices import Prices

LEVERAGE = 20


def gained(account: BitgetAccount, prices: Prices, symbol: str, side: str, now_ms: int) -> Decimal:
    """What a position has won so far, in its margin coin; below zero what it has lost."""
    traded, position = CONTRACTS[symbol], account.positions[symbol, side]
    price = prices.at(traded.base, traded.quote, now_ms, 8)
    with exact():
        won = (price - position.entry) * position.size * (1 if side == "long" else -1)
        return (won / price).quantize(Decimal("1e-8")) if traded.product == COIN_M else won


def shown(
    account: BitgetAccount, prices: Prices, product: str, coin: str, now_ms: int
) -> list[Row]:
    """The rows of one kind of futures, newest first."""
    rows = [
        _row(account, prices, symbol, side, now_ms)
        for symbol, side in account.positions
        if CONTRACTS[symbol].product == product and coin in ("", CONTRACTS[symbol].margin)
    ]
    return sorted(rows, key=lambda row: int(row["cTime"]), reverse=True)


def _row(account: BitgetAccount, prices: Prices, symbol: str, side: str, now_ms: int) -> Row:
    traded, position = CONTRACTS[symbol], account.positions[symbol, side]
    price = prices.at(traded.base, traded.quote, now_ms, 8)
    with exact():
        value = position.size if traded.product == COIN_M else position.size * position.entry
        margin = (value / LEVERAGE).quantize(Decimal("1e-8"))
    return {
        "marginCoin": traded.margin,
        "symbol": symbol,
        "holdSide": side,
        "openDelegateSize": "0",
        "marginSize": plain(margin),
        "available": plain(position.size),
        "locked": "0",
        "total": plain(position.size),
        "leverage": str(LEVERAGE),
        "achievedProfits": "0",
        "openPriceAvg": plain(position.entry),
        "marginMode": "crossed",
        "posMode": "hedge_mode",
        "unrealizedPL": plain(gained(account, prices, symbol, side, now_ms)),
        "liquidationPrice": "",
        "keepMarginRate": "0.004",
        "markPrice": plain(price),
        "marginRatio": "0.0296",
        "breakEvenPrice": "",
        "totalFee": "",
        "assetMode": "single",
        "cTime": str(position.opened_ms),
        "uTime": str(position.opened_ms),
    }


def stated(account: BitgetAccount) -> list[dict[str, str]]:
    """The open positions as the statement of truth has them."""
    return [
        {
            "wallet": FUTURES_WALLETS[CONTRACTS[symbol].product],
            "symbol": symbol,
            "side": side,
            "quantity": plain(position.size),
            "unit": CONTRACTS[symbol].base,
            "entry_price": plain(position.entry),
            "settle_asset": CONTRACTS[symbol].margin,
        }
        for (symbol, side), position in account.positions.items()
    ]
