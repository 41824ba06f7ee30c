"""Open positions as the exchange shows them: those of one contract and side are one."""

from decimal import Decimal

from sandbox.amounts import down, exact, fixed, plain
from sandbox.exchanges.bingx.markets import MARKETS
from sandbox.generate.bingx import PERPETUAL, BingXLife, Position, Row

LEVERAGE = 10


def joined(life: BingXLife) -> list[Position]:
    """The open positions, those of one contract and side with their average price."""
    found: dict[tuple[str, bool], Position] = {}
    for part in life.account.positions:
        key = (part.symbol, part.long)
        whole = found.get(key)
        if whole is None:
            found[key] = Position(*key, part.quantity, part.price, part.opened_ms)
            continue
        with exact():
            paid = whole.quantity * whole.price + part.quantity * part.price
            whole.quantity += part.quantity
            whole.price = down(paid / whole.quantity, 8)
    return list(found.values())


def mark(life: BingXLife, position: Position, now_ms: int) -> tuple[Decimal, Decimal]:
    """What a contract is worth now, and what the position has won or lost so far."""
    market = MARKETS[position.symbol]
    price = life.prices.at(market.base, market.quote, now_ms, market.price_places)
    with exact():
        gained = (price - position.price) * position.quantity * (1 if position.long else -1)
    return price, down(gained, 4)


def shown(life: BingXLife, symbol: str, now_ms: int) -> list[Row]:
    """The rows of one contract or all."""
    return [_row(life, p, now_ms) for p in joined(life) if symbol in ("", p.symbol)]


def gained(life: BingXLife, now_ms: int) -> Decimal:
    """What all open positions have won or lost so far."""
    with exact():
        return sum((mark(life, position, now_ms)[1] for position in joined(life)), Decimal(0))


def _row(life: BingXLife, position: Position, now_ms: int) -> Row:
    price, won = mark(life, position, now_ms)
    with exact():
        value = position.quantity * price
        margin = position.quantity * position.price / LEVERAGE
    return {
        "positionId": str(position.opened_ms * 1_000_000 + position.long),
        "symbol": position.symbol,
        "currency": "USDT",
        "positionAmt": plain(position.quantity),
        "availableAmt": plain(position.quantity),
        "positionSide": "LONG" if position.long else "SHORT",
        "isolated": False,
        "avgPrice": plain(position.price),
        "initialMargin": fixed(down(margin, 4), 4),
        "margin": fixed(down(margin, 4), 4),
        "leverage": LEVERAGE,
        "unrealizedProfit": fixed(won, 4),
        "realisedProfit": "0.0000",
        "liquidationPrice": 0,
        "pnlRatio": "0.0000",
        "maxMarginReduction": "0.0000",
        "riskRate": "0.0100",
        "markPrice": plain(price),
        "positionValue": fixed(down(value, 4), 4),
        "onlyOnePosition": False,
        "createTime": position.opened_ms,
        "updateTime": position.opened_ms,
    }


def stated(life: BingXLife) -> list[dict[str, str]]:
    """The open positions as the statement of truth has them."""
    return [
        {
            "wallet": PERPETUAL,
            "symbol": position.symbol,
            "side": "long" if position.long else "short",
            "quantity": plain(position.quantity),
            "unit": MARKETS[position.symbol].base,
            "entry_price": plain(position.price),
            "settle_asset": "USDT",
        }
        for position in joined(life)
    ]
