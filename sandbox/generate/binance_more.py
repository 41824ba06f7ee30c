"""What the Binance demo accounts do beside trading: margin, earn, conversions, dust, banks."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from sandbox.generate.binance import FUNDING, SPOT, BinanceLife
from sandbox.generate.binance_margin import CROSS, HOUR, MarginLife
from sandbox.generate.prices import DAY
from sandbox.generate.timeline import Event, Timeline

BANK_DAY, EARN_DAY, CROSS_DAY, ISOLATED_DAY = 390, 300, 500, 640
SHORT_DAY = 1_060  # this loan is still open at the end
DUSTY = ("ADA", "XRP", "DOGE", "DOT", "LINK", "ATOM", "TRX", "LTC")


class Story:
    """Plans events by day and hour of an account's life."""

    def __init__(self, timeline: Timeline, life: BinanceLife) -> None:
        self._timeline, self.life = timeline, life

    def at(self, day: int, hour: int, event: Event, *, second: int = 0) -> None:
        """Let an event happen; it is called with its time in milliseconds."""
        moment = self.life.prices.origin + day * DAY + hour * HOUR + second * 1_000 + 411
        self._timeline.plan(moment, event)


def _later(event: Callable[..., object], **more: object) -> Event:
    """An event of which all but the time is known already."""

    def happen(time_ms: int) -> None:
        event(time_ms, **more)

    return happen


def plan(timeline: Timeline, life: BinanceLife) -> None:
    """Plan the main account's."""
    story = Story(timeline, life)
    _plan_bank(story)
    _plan_conversions(story)
    _plan_flexible(story)
    _plan_locked(story)
    _plan_cross(story)
    _plan_isolated(story)


def plan_small(timeline: Timeline, life: BinanceLife, first_day: int) -> None:
    """Plan the small account's: no margin account was ever opened there."""
    story, earn = Story(timeline, life), life.earn
    story.at(first_day + 5, 7, lambda t: earn.convert(t, "USDT", Decimal("100.5"), "BTC"))
    story.at(first_day + 6, 7, lambda t: earn.subscribe(t, "USDT", Decimal(400)))
    for day in range(7, 12):
        story.at(first_day + day, 0, lambda t: earn.realtime(t, "USDT"))
    story.at(first_day + 12, 3, lambda t: earn.redeem(t, "USDT", Decimal("150.25")))
    story.at(first_day + 40, 3, lambda t: earn.sweep_dust(t, {"ETH": Decimal("0.0004")}))
    story.at(first_day + 41, 3, lambda t: earn.pay(t, "USDT", Decimal("12.5")))


# --- banks, conversions, dust ------------------------------------------------------------------


def _plan_bank(story: Story) -> None:
    earn = story.life.earn
    for month in range(8):
        story.at(BANK_DAY + month * 61, 9, lambda t: earn.bank(t, Decimal("1500.00"), into=True))
    story.at(BANK_DAY + 3, 9, lambda t: earn.bank(t, Decimal("80.00"), into=True, done=False))
    for month in (1, 4, 7):
        out = _later(earn.bank, amount=Decimal("120.25"), into=False, fee="1.50")
        story.at(BANK_DAY + month * 61 + 2, 12, out)
    for month in range(6):
        day = BANK_DAY + month * 61 + 5
        story.at(day, 10, lambda t: earn.pay_by(t, Decimal("200.00"), "BTC", "Cash Balance"))
        story.at(day, 11, lambda t: earn.pay_by(t, Decimal("75.50"), "ETH", "Credit Card"))
    story.at(BANK_DAY + 200, 15, lambda t: earn.pay_by(t, Decimal("60.00"), "ETH", "", buy=False))
    for index, day in enumerate((700, 780, 860, 940, 1_020)):
        amount = Decimal("31.5") if index % 2 == 0 else Decimal("-12.25")
        story.at(day, 18, _later(earn.pay, asset="USDT", amount=amount))
    story.at(1_040, 18, lambda t: earn.pay(t, "BTC", Decimal("-0.00100001"), SPOT))


def _plan_conversions(story: Story) -> None:
    earn = story.life.earn
    pairs = (("USDT", "25", "BNB"), ("EUR", "40", "USDT"), ("BTC", "0.001", "ETH"))
    for week in range(45):
        source, amount, target = pairs[week % 3]
        event = _later(earn.convert, source=source, amount=Decimal(amount), target=target)
        story.at(BANK_DAY + 10 + week * 11, 14, event)
    for _ in range(3):  # three in one millisecond
        story.at(610, 14, lambda t: earn.convert(t, "USDT", Decimal("7.77"), "TRX"))
    story.at(611, 14, lambda t: earn.convert(t, "USDT", Decimal("9999"), "BTC", fails=True))
    for index, day in enumerate(range(430, 1_080, 50)):
        story.at(day, 20, partial(_dust, story.life, index))


def _dust(life: BinanceLife, index: int, time_ms: int) -> None:
    chosen = [DUSTY[(index + step) % len(DUSTY)] for step in range(1 + index % 4)]
    amount = Decimal("0.01234567")
    remainders = {code: amount for code in chosen if life.available(code) > amount}
    if remainders:
        life.earn.sweep_dust(time_ms, remainders)


# --- simple earn -------------------------------------------------------------------------------


def _plan_flexible(story: Story) -> None:
    earn = story.life.earn
    story.at(EARN_DAY, 8, lambda t: earn.subscribe(t, "USDC", Decimal(2_500)))
    story.at(EARN_DAY + 1, 8, lambda t: earn.subscribe(t, "BTC", Decimal("0.12345678")))
    # A part of it from the funding wallet, into which it goes just before.
    half = Decimal("150.5")
    story.at(EARN_DAY + 9, 7, lambda t: story.life.transfer(t, "MAIN_FUNDING", "USDT", half))
    story.at(EARN_DAY + 9, 8, lambda t: earn.subscribe(t, "USDT", Decimal(500), from_funding=half))
    for day in range(EARN_DAY + 2, 1_094):
        for code in ("USDC", "BTC", "USDT"):
            story.at(day, 0, _later(earn.realtime, asset=code))
    for day in range(EARN_DAY + 30, 1_090, 30):
        story.at(day, 2, lambda t: earn.bonus(t, "USDC"))
    for index, day in enumerate(range(EARN_DAY + 100, 1_090, 120)):
        wallet = FUNDING if index % 2 else SPOT
        event = _later(earn.redeem, asset="USDC", amount=Decimal("101.5"), wallet=wallet)
        story.at(day, 5, event)
    story.at(800, 5, lambda t: earn.subscribe(t, "USDC", Decimal(333)))


def _plan_locked(story: Story) -> None:
    """Three positions: one that ran to its end, one broken off, one still there."""
    earn = story.life.earn
    held: dict[str, int] = {}

    def begin(name: str, asset: str, amount: str, time_ms: int) -> None:
        held[name] = earn.lock(time_ms, asset, Decimal(amount), 30)

    def reward(name: str, time_ms: int) -> None:
        earn.locked_reward(time_ms, held[name])

    def end(name: str, lost: str, time_ms: int) -> None:
        earn.unlock(time_ms, held[name], Decimal(lost))

    for name, asset, amount, day, length in (
        ("whole", "SOL", "5.5", 450, 30),
        ("broken", "SOL", "4.25", 520, 11),
        ("open", "BNB", "1.75", 1_070, 20),
    ):
        story.at(day, 6, partial(begin, name, asset, amount))
        for later in range(1, length):
            story.at(day + later, 1, partial(reward, name))
    story.at(480, 6, partial(end, "whole", "0"))
    story.at(531, 6, partial(end, "broken", "0.00123450"))


# --- margin ------------------------------------------------------------------------------------


def _hourly(
    story: Story, place: str, asset: str, first_day: int, hours: int, *, in_bnb: bool = False
) -> None:
    margin = story.life.margin
    for hour in range(1, hours + 1):
        story.at(first_day, hour, lambda t: margin.charge(t - 411, place, asset, in_bnb=in_bnb))


def _plan_cross(story: Story) -> None:
    margin, day = story.life.margin, CROSS_DAY
    story.at(day, 0, lambda t: margin.open(CROSS))
    story.at(day, 0, lambda t: margin.move(t, CROSS, "USDT", Decimal(1_500), into=True))
    story.at(day, 0, lambda t: margin.borrow(t, CROSS, "USDT", Decimal(900)), second=30)
    story.at(day, 1, partial(_buy, margin, CROSS, "ETHUSDT", "0.1", 4), second=10)
    story.at(day, 2, partial(_buy, margin, CROSS, "LINKUSDT", "9.5", 1), second=10)
    _hourly(story, CROSS, "USDT", day, 260)
    story.at(day + 5, 3, lambda t: margin.borrow(t, CROSS, "BTC", Decimal("0.004")), second=30)
    _hourly(story, CROSS, "BTC", day + 5, 140)
    story.at(day + 9, 4, partial(_sell, margin, CROSS, "LINKUSDT", "9.4"), second=10)
    story.at(day + 11, 5, partial(_sell, margin, CROSS, "ETHUSDT", "0.38"), second=20)
    story.at(day + 11, 6, lambda t: margin.repay(t, CROSS, "USDT"), second=30)
    story.at(day + 12, 6, partial(_buy, margin, CROSS, "BTCUSDT", "0.00050", 1), second=30)
    story.at(day + 12, 7, lambda t: margin.repay(t, CROSS, "BTC"), second=30)
    story.at(day + 13, 6, lambda t: margin.move(t, CROSS, "USDT", Decimal(200), into=False))
    story.at(day + 14, 6, lambda t: margin.fail_to_move(t, CROSS, "USDT", Decimal(10_000)))
    # A short sale that is still open: more is owed of BTC than there is.
    day = SHORT_DAY
    story.at(day, 0, lambda t: margin.move(t, CROSS, "BNB", Decimal("0.5"), into=True))
    story.at(day, 0, lambda t: margin.borrow(t, CROSS, "BTC", Decimal("0.006")), second=30)
    story.at(day, 1, partial(_sell, margin, CROSS, "BTCUSDT", "0.00600"), second=10)
    _hourly(story, CROSS, "BTC", day, 120, in_bnb=True)
    repay_in_bnb = partial(margin.repay, place=CROSS, asset="BNB", kind="BNB_AUTO_REPAY")
    story.at(day + 6, 1, lambda t: repay_in_bnb(t))
    story.at(day + 6, 2, lambda t: margin.charge(t, CROSS, "BTC"))
    dust = {"LINK": Decimal("0.05"), "ETH": Decimal("0.0001")}
    story.at(day + 7, 2, lambda t: story.life.earn.sweep_dust(t, dust, "MARGIN"))


def _plan_isolated(story: Story) -> None:
    margin, day = story.life.margin, ISOLATED_DAY
    first, second = "BTCUSDT", "SOLUSDT"
    for place in (first, second):
        story.at(day, 0, _later(lambda t, place: margin.open(place), place=place))
    story.at(day, 1, lambda t: margin.shift(t, CROSS, first, "USDT", Decimal(300)))
    story.at(day, 1, lambda t: margin.borrow(t, first, "USDT", Decimal(250)), second=20)
    story.at(day, 2, partial(_buy, margin, first, "BTCUSDT", "0.00200", 3), second=30)
    _hourly(story, first, "USDT", day, 130)
    story.at(day + 5, 12, partial(_sell, margin, first, "BTCUSDT", "0.00590"), second=30)
    story.at(day + 5, 13, lambda t: margin.repay(t, first, "USDT", kind="AUTO"), second=30)
    story.at(day + 6, 1, lambda t: margin.shift(t, first, CROSS, "USDT", Decimal("50.5")))
    # The second pair is liquidated.
    story.at(day, 3, lambda t: margin.move(t, second, "USDT", Decimal(400), into=True))
    story.at(day, 3, lambda t: margin.borrow(t, second, "USDT", Decimal(350)), second=40)
    story.at(day, 4, partial(_buy, margin, second, "SOLUSDT", "2.000", 2), second=40)
    _hourly(story, second, "USDT", day, 40)
    story.at(day + 2, 1, lambda t: margin.liquidate(t, second, "SOLUSDT", Decimal("3.950")))
    story.at(day + 2, 1, lambda t: margin.repay(t, second, "USDT", kind="AUTO"), second=2)
    story.at(day + 9, 1, lambda t: margin.move(t, second, "USDT", Decimal("30"), into=False))


def _buy(
    margin: MarginLife, place: str, symbol: str, quantity: str, parts: int, time_ms: int
) -> None:
    margin.trade(time_ms, place, symbol, [Decimal(quantity)] * parts, buy=True)


def _sell(margin: MarginLife, place: str, symbol: str, quantity: str, time_ms: int) -> None:
    margin.trade(time_ms, place, symbol, [Decimal(quantity)], buy=False)
