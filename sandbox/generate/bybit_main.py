"""Three years of a Bybit account: first a funding wallet, then a unified account beside it."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial

from sandbox.amounts import down, exact
from sandbox.assets import BY_CODE
from sandbox.generate.bybit import BybitLife
from sandbox.generate.bybit_records import EARN, FUNDING, UNIFIED, BybitAccount, Fill
from sandbox.generate.prices import DAY, YEAR, Prices
from sandbox.generate.timeline import Timeline

SEED = "coffer-sandbox-bybit-1"
UIDS = {"main": 24_617_001, "small": 24_617_002, "empty": 24_617_003}
UNIFIED_SINCE = 395  # the log reaches back two years: all of the unified wallet's life
LAST = 3 * 365 - 2
COINS = ("BTC", "ETH", "USDT", "SOL", "XRP")
SPOT = (
    ("BTCUSDT", "BTC", "USDT"), ("ETHUSDT", "ETH", "USDT"), ("SOLUSDT", "SOL", "USDT"),
    ("XRPUSDT", "XRP", "USDT"), ("DOGEUSDT", "DOGE", "USDT"), ("ETHBTC", "ETH", "BTC"),
    ("BTCUSDC", "BTC", "USDC"), ("BTCEUR", "BTC", "EUR"),
)  # fmt: skip
LINEAR = (("BTCUSDT", "BTC"), ("ETHUSDT", "ETH"), ("SOLUSDT", "SOL"))
SETTLED = 2_000  # milliseconds

P2P = ("Fiat", "P2PPurchase", "P2P Purchase")
AIRDROP = ("Airdrop", "AirdropBonus", "Airdrop Bonus")
INTEREST = (
    "Earn",
    "FlexSavingInterestDistribution",
    "Easy Earn | Flexible Interest Distribution",
)
SUB_IN = ("TransferIn", "TransferFromSubAccount", "Main-Subaccount Transfer")
SUB_OUT = ("TransferOut", "TransferOut2SubAccount", "Main-Subaccount Transfer")
LAUNCHPOOL = ("Earn", "LaunchpoolIssuance", "Launchpool Yield")


def lives(prices: Prices) -> dict[str, BybitLife]:
    """Generate all accounts; the history ends at the anchor of the prices."""
    made = {
        name: BybitLife(BybitAccount(f"bybit-{name}", uid), prices, SEED)
        for name, uid in UIDS.items()
    }
    timeline = Timeline()
    with exact():  # the same digits whatever the surroundings calculate with
        _plan_main(timeline, made["main"])
        _plan_small(timeline, made["small"])
        timeline.run()
    return made


def live_on(life: BybitLife, events: int, now_ms: int) -> None:
    """Add so many events: a deposit, a trade, interest, a transfer, and again."""
    log = life.account.log
    latest = log[-1].ms if log else 0
    start = max(now_ms - SETTLED - events, latest + 1)
    with exact():
        for index in range(events):
            _next_event(life, index % 4, start + index)


def _next_event(life: BybitLife, step: int, ms: int) -> None:
    if step == 0:
        life.deposit(ms, "USDT", Decimal("250.5"))
    elif step == 1:
        life.trade(ms, Fill("spot", "BTCUSDT", "BTC", "USDT", True, Decimal("0.0002")))
    elif step == 2:
        life.other(ms, "USDT", Decimal("0.0123"), INTEREST)
    else:
        life.transfer(ms, "USDT", Decimal("20.25"), "FUND")


# --- the main account --------------------------------------------------------------------------


def _plan_main(timeline: Timeline, life: BybitLife) -> None:
    start = life.prices.origin
    opening = {"USDT": "52000", "BTC": "1.25", "ETH": "14.5", "SOL": "160", "XRP": "5200"}
    for hour, (coin, text) in enumerate(opening.items()):
        moment = start + hour * 3_700_000 + 12_345
        timeline.plan(moment, partial(_deposit, life, coin, Decimal(text)))
    _plan_funding(timeline, life)
    _plan_savings(timeline, life)
    _plan_unified(timeline, life)
    for index, day in enumerate(range(UNIFIED_SINCE + 8, LAST - 40, 14)):
        _plan_episode(timeline, life, index, start + day * DAY + 33_000_000)


def _spread(life: BybitLife, count: int, first: int, last: int = LAST) -> Iterator[int]:
    begin, span = life.prices.origin + first * DAY, (last - first) * DAY
    yield from sorted(begin + life.rng.randrange(span) for _ in range(count))


def _plan_funding(timeline: Timeline, life: BybitLife) -> None:
    plans: tuple[tuple[int, int, Callable[[BybitLife, int, int], None]], ...] = (
        (40, 5, _incoming), (6, 20, _internal), (26, 30, _outgoing), (10, 12, _purchase),
        (8, 60, _gift), (6, 90, _sub_account), (32, 10, _swap),
    )  # fmt: skip
    for count, first, event in plans:
        for index, ms in enumerate(_spread(life, count, first)):
            timeline.plan(ms, partial(event, life, index))
    # Two that moved nothing: not yet confirmed, and failed.
    for day, status in ((LAST, 1), (500, 4)):
        moment = life.prices.origin + day * DAY + 5_000_000
        timeline.plan(moment, partial(_deposit, life, "ETH", Decimal("0.25"), status=status))
    moment = life.prices.origin + 1_001 * DAY
    timeline.plan(moment, lambda ms: life.failed_conversion(ms, "USDT", Decimal(50), "BTC"))


def _deposit(life: BybitLife, coin: str, amount: Decimal, ms: int, status: int = 3) -> None:
    life.deposit(ms, coin, amount, status)


def _worth(life: BybitLife, coin: str, ms: int, low: int, high: int) -> Decimal:
    """So much of a coin as is worth between ``low`` and ``high`` US dollars."""
    dollars = Decimal(life.rng.randint(low * 100, high * 100)) / 100
    return down(dollars / life.prices.usd(coin, ms), min(BY_CODE[coin].places, 8))


def _share(life: BybitLife, coin: str, wallet: str, low: int, high: int, places: int) -> Decimal:
    """Between ``low`` and ``high`` thousandths of what a wallet holds."""
    return down(life.available(coin, wallet) * life.rng.randint(low, high) / 1000, places)


def _incoming(life: BybitLife, index: int, ms: int) -> None:
    coin = COINS[index % 5]
    life.deposit(ms, coin, _worth(life, coin, ms, 150, 2_500))


def _internal(life: BybitLife, index: int, ms: int) -> None:
    life.internal_deposit(ms, "USDT", Decimal(index * 37 + 25), 3 if index == 4 else 2)


def _outgoing(life: BybitLife, index: int, ms: int) -> None:
    coin = COINS[index % 5]
    amount = max(_share(life, coin, FUNDING, 5, 40, 5), Decimal("0.0005"))
    status = {7: "CancelByUser", 19: "Reject", 25: "Pending"}.get(index, "success")
    life.withdraw(ms, coin, amount, status, internal=index % 6 == 3)


def _purchase(life: BybitLife, index: int, ms: int) -> None:
    life.other(ms, "USDT", Decimal(life.rng.randint(50_0000, 900_0000)) / 10_000, P2P)


def _gift(life: BybitLife, index: int, ms: int) -> None:
    about = LAUNCHPOOL if index % 3 == 2 else AIRDROP
    life.other(ms, "GFT", Decimal(life.rng.randint(1_000, 90_000)) / 1_000, about)


def _sub_account(life: BybitLife, index: int, ms: int) -> None:
    amount = Decimal(100 + index)
    out = index % 2 == 0
    life.other(ms, "USDT", -amount if out else amount, SUB_OUT if out else SUB_IN)


def _swap(life: BybitLife, index: int, ms: int) -> None:
    into = ("BTC", "ETH", "USDC", "DOGE", "EUR")[index % 5]
    amount = _share(life, "USDT", FUNDING, 5, 30, 2)
    life.convert(ms, "USDT", amount, into, wallet=FUNDING, api=index % 7 == 0)


def _plan_savings(timeline: Timeline, life: BybitLife) -> None:
    for coin in ("USDT", "ETH"):
        for index, ms in enumerate(_spread(life, 14, 25)):
            timeline.plan(ms, partial(_save, life, coin, index))
        for day in range(40, LAST, 14):
            moment = life.prices.origin + day * DAY + 1_800_000
            timeline.plan(moment, partial(_interest, life, coin))


def _save(life: BybitLife, coin: str, index: int, ms: int) -> None:
    later = ms > life.prices.origin + (UNIFIED_SINCE + 30) * DAY
    wallet = UNIFIED if later and index % 3 == 1 and life.available(coin, UNIFIED) else FUNDING
    held = life.available(coin, EARN)
    if index % 4 == 3 and held:
        life.earn(ms, coin, -down(held * 2 / 5, 6), wallet=wallet)
        return
    status = "Fail" if index == 6 else "Success"
    amount = _share(life, coin, wallet, 20, 80, 6)
    life.earn(ms, coin, amount, wallet=wallet, status=status)


def _interest(life: BybitLife, coin: str, ms: int) -> None:
    amount = down(life.available(coin, EARN) * life.rng.randint(400, 1_400) / 1_000_000, 8)
    if amount:
        life.other(ms, coin, amount, INTEREST)


def _plan_unified(timeline: Timeline, life: BybitLife) -> None:
    opened = life.prices.origin + UNIFIED_SINCE * DAY
    for hour, coin in enumerate((*COINS, "USDC", "DOGE", "EUR")):
        timeline.plan(opened + hour * 60_000 + 777, partial(_fund, life, coin, 300))
    for index, ms in enumerate(_spread(life, 52, UNIFIED_SINCE + 3)):
        timeline.plan(ms, partial(_move, life, index))
    for ms in _spread(life, 210, UNIFIED_SINCE + 1):
        timeline.plan(ms, partial(_spot, life))
    for index, ms in enumerate(_spread(life, 9, UNIFIED_SINCE + 20)):
        timeline.plan(ms, partial(_swap_unified, life, index))
    monthly = range(UNIFIED_SINCE + 15, LAST, 30)
    for index, day in enumerate(monthly):
        timeline.plan(life.prices.origin + day * DAY + 90_000, partial(_cash, life, index))


def _fund(life: BybitLife, coin: str, thousandths: int, ms: int) -> None:
    amount = down(life.available(coin, FUNDING) * thousandths / 1000, 6)
    if amount:
        life.transfer(ms, coin, amount, "FUND")


def _move(life: BybitLife, index: int, ms: int) -> None:
    coin = (*COINS, "USDC", "EUR")[index % 7]
    source = "UNIFIED" if index % 3 == 2 else "FUND"
    wallet = UNIFIED if source == "UNIFIED" else FUNDING
    amount = _share(life, coin, wallet, 30, 150, 6)
    if amount:
        life.transfer(ms, coin, amount, source, "FAILED" if index == 17 else "SUCCESS")


def _spot(life: BybitLife, ms: int) -> None:
    symbol, base, quote = life.rng.choice(SPOT)
    buy = life.rng.random() < 0.5
    price = life.prices.at(base, quote, ms, 12)
    reach = life.available(quote, UNIFIED) / price if buy else life.available(base, UNIFIED)
    quantity = down(reach * life.rng.randint(10, 120) / 1000, min(BY_CODE[base].lot + 1, 6))
    if quantity:
        life.trade(ms, Fill("spot", symbol, base, quote, buy, quantity))


def _swap_unified(life: BybitLife, index: int, ms: int) -> None:
    into = ("BTC", "ETH", "SOL")[index % 3]
    life.convert(ms, "USDT", _share(life, "USDT", UNIFIED, 5, 20, 2), into, wallet=UNIFIED)


def _cash(life: BybitLife, index: int, ms: int) -> None:
    life.cash(ms, "USDT", "INTEREST", -Decimal(life.rng.randint(1_000, 90_000)).scaleb(-6))
    if index % 5 == 1:
        life.cash(ms + 5, "USDT", "FEE_REFUND", Decimal("1.2345"))
    if index % 7 == 2:
        life.cash(ms + 9, "USDT", "AIRDROP", Decimal("3.5"))


def _plan_episode(timeline: Timeline, life: BybitLife, index: int, ms: int) -> None:
    """A contract position: opened in two parts, paying funding, closed in two; the last stay."""
    inverse = index % 4 == 3
    symbol, base = ("BTCUSD", "BTC") if inverse else LINEAR[index % 3]
    category, quote = ("inverse", "USD") if inverse else ("linear", "USDT")
    buy = life.rng.random() < 0.6
    end = {5: "BustTrade", 17: "AdlTrade", 29: "BustTrade"}.get(index, "Trade")
    fill = partial(Fill, category, symbol, base, quote)
    size: list[Decimal] = []
    timeline.plan(ms, partial(_open, life, fill, size, buy))
    timeline.plan(ms + 7_200_000, partial(_add, life, fill, size, buy))
    for step in range(1, 7):
        moment = ms - ms % DAY + (step + 1) * 28_800_000 + DAY
        timeline.plan(moment, partial(_pay, life, category, symbol, base))
    timeline.plan(ms + 5 * DAY, partial(_close, life, fill, size, not buy, Decimal("0.4"), "Trade"))
    if index < 43:
        timeline.plan(ms + 6 * DAY, partial(_close, life, fill, size, not buy, Decimal(1), end))


def _open(
    life: BybitLife,
    fill: Callable[..., Fill],
    size: list[Decimal],
    buy: bool,  # noqa: FBT001
    ms: int,
) -> None:
    made = fill(buy, Decimal(1))
    if made.category == "inverse":
        worth = life.available(made.base, UNIFIED) * life.prices.usd(made.base, ms)
        quantity = down(worth / 5, 0)
    else:
        price = life.prices.at(made.base, "USDT", ms, 2)
        quantity = down(life.available("USDT", UNIFIED) / 6 / price, 3)
    size.append(max(quantity, Decimal("0.01")))
    life.trade(ms, fill(buy, size[0]))


def _add(
    life: BybitLife,
    fill: Callable[..., Fill],
    size: list[Decimal],
    buy: bool,  # noqa: FBT001
    ms: int,
) -> None:
    size.append(max(down(size[0] / 4, 3), Decimal("0.01")))
    life.trade(ms, fill(buy, size[1]))


def _pay(life: BybitLife, category: str, symbol: str, base: str, ms: int) -> None:
    life.pay_funding(ms, category, symbol, base)


def _close(
    life: BybitLife,
    fill: Callable[..., Fill],
    size: list[Decimal],
    buy: bool,  # noqa: FBT001
    part: Decimal,
    kind: str,
    ms: int,
) -> None:
    quantity = down(sum(size) * part, 3)
    size.append(-quantity)
    life.trade(ms, fill(buy, quantity, kind))


# --- the small account -------------------------------------------------------------------------


def _plan_small(timeline: Timeline, life: BybitLife) -> None:
    """Half a year of little activity."""
    start = life.prices.origin + 3 * YEAR - 190 * DAY
    steps: tuple[Callable[[int], None], ...] = (
        lambda ms: life.deposit(ms, "USDT", Decimal(9_000)),
        lambda ms: life.deposit(ms, "BTC", Decimal("0.05")),
        lambda ms: life.internal_deposit(ms, "USDT", Decimal("75.5")),
        lambda ms: life.transfer(ms, "USDT", Decimal(5_000), "FUND"),
        lambda ms: life.transfer(ms, "BTC", Decimal("0.03"), "FUND"),
        lambda ms: _buy(life, "0.02", ms),
        lambda ms: _buy(life, "0.004", ms),
        lambda ms: life.trade(ms, Fill("spot", "BTCUSDT", "BTC", "USDT", False, Decimal("0.01"))),
        lambda ms: life.convert(ms, "USDT", Decimal(120), "ETH", wallet=FUNDING),
        lambda ms: life.convert(ms, "USDT", Decimal(80), "ETH", wallet=UNIFIED),
        lambda ms: life.earn(ms, "USDT", Decimal(500), wallet=FUNDING),
        lambda ms: life.other(ms, "USDT", Decimal("0.1234"), INTEREST),
        lambda ms: life.earn(ms, "USDT", Decimal(-200), wallet=FUNDING),
        lambda ms: life.withdraw(ms, "USDT", Decimal(100)),
        lambda ms: life.transfer(ms, "USDT", Decimal("150.25"), "UNIFIED"),
        lambda ms: life.other(ms, "USDT", Decimal("196.0784"), P2P),
        lambda ms: life.cash(ms, "USDT", "INTEREST", Decimal("-0.0042")),
    )
    for index, step in enumerate(steps):
        timeline.plan(start + index * 3 * DAY + 654_321, step)
    _plan_episode(timeline, life, 0, start + 60 * DAY + 33_000_000)
    _plan_episode(timeline, life, 3, start + 80 * DAY + 33_000_000)
    # A page of the log ends inside one millisecond: an order filled in many parts.
    for _ in range(30):
        timeline.plan(start + 100 * DAY, lambda ms: _buy(life, "0.0001", ms))


def _buy(life: BybitLife, quantity: str, ms: int) -> None:
    life.trade(ms, Fill("spot", "BTCUSDT", "BTC", "USDT", True, Decimal(quantity)))
