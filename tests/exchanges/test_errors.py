"""Every way an exchange can fail ends in one of four ways out, in words without secrets."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portfolio.engine.types import RecordKind
from portfolio.exchanges import registry
from portfolio.exchanges.errors import (
    EndpointGone,
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.types import ExchangeClient, StreamSpec
from tests.exchanges.conftest import API_KEY, CREDENTIALS, SECRET
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
LEDGER = StreamSpec("ledger", RecordKind.LEDGER)
HTML = "<html><body>nginx</body></html>"
PAGE = {"Content-Type": "text/html"}
ELSEWHERE = {"Location": "https://example.org/"}
ARGUMENTS = "EGeneral:Invalid arguments:ofs"


def b(code: int, status: int = 400) -> Reply:
    return Reply(f'{{"code": {code}, "msg": "Some words of theirs."}}', status)


def k(words: str) -> Reply:
    return Reply(f'{{"error": ["{words}"]}}')


BINANCE = [
    ("429 with a time to wait", Reply("{}", 429, {"Retry-After": "30"}), WaitUntil, "429"),
    ("429 with a code", Reply('{"code":-1003,"msg":"x"}', 429, {}), WaitUntil, "-1003"),
    ("418 with a time to wait", Reply("{}", 418, {"Retry-After": "120"}), WaitUntil, "418"),
    ("418 without", Reply(HTML, 418), WaitUntil, "418"),
    ("too much weight", b(-1003), WaitUntil, "-1003"),
    ("wrong signature", b(-1022), KeyBroken, "-1022"),
    ("wrong key", b(-2015, 401), KeyBroken, "-2015"),
    ("bad key", b(-2014, 401), KeyBroken, "-2014"),
    ("no right to these", b(-1002, 401), StreamUnavailable, "-1002"),
    ("bad parameter", b(-1100), StreamUnavailable, "-1100"),
    ("unknown code", b(-7777), TryAgain, "-7777"),
    ("busy", b(-1008, 503), TryAgain, "-1008"),
    ("502", Reply(HTML, 502), TryAgain, "502"),
    ("504", Reply("", 504), TryAgain, "504"),
    ("403 by a firewall", Reply(HTML, 403, PAGE), WaitUntil, "403"),
    ("401 without a word", Reply("", 401), KeyBroken, "401"),
    ("404", Reply(HTML, 404), EndpointGone, "404"),
    ("410", Reply("", 410), EndpointGone, "410"),
    ("451", Reply(HTML, 451), EndpointGone, "451"),
    (
        "a page instead of JSON",
        Reply(HTML, 200, {"Content-Type": "text/html"}),
        TryAgain,
        "unreadable",
    ),
    ("an empty answer", Reply("", 200), TryAgain, "unreadable"),
    ("JSON that ends too soon", Reply('[{"id": "1", "amount"', 200), TryAgain, "unreadable"),
    ("JSON of another shape", Reply('{"what": 1}', 200), TryAgain, "unreadable"),
    ("rows without their fields", Reply('[{"what": 1}]', 200), TryAgain, "unreadable"),
    ("a body that is cut off", Reply("[" + " " * 5000 + "]", cut=True), TryAgain, None),
    (
        "a redirect",
        Reply("", 302, {"Location": "https://example.org/"}),
        TryAgain,
        "TooManyRedirects",
    ),
    ("a redirect to nowhere", Reply("{}", 304), TryAgain, "unreadable"),
]
KRAKEN = [
    ("wrong key", k("EAPI:Invalid key"), KeyBroken, "EAPI:Invalid key"),
    ("wrong signature", k("EAPI:Invalid signature"), KeyBroken, "EAPI:Invalid signature"),
    ("nonce, twice", k("EAPI:Invalid nonce"), TryAgain, "EAPI:Invalid nonce"),
    ("too fast", k("EAPI:Rate limit exceeded"), WaitUntil, "EAPI:Rate limit exceeded"),
    ("locked out", k("EGeneral:Temporary lockout"), WaitUntil, "EGeneral:Temporary lockout"),
    ("no right", k("EGeneral:Permission denied"), StreamUnavailable, "EGeneral:Permission denied"),
    (
        "bad argument",
        k("EGeneral:Invalid arguments:ofs"),
        StreamUnavailable,
        "EGeneral:Invalid arguments:ofs",
    ),
    ("down", k("EService:Unavailable"), TryAgain, "EService:Unavailable"),
    ("busy", k("EService:Busy"), TryAgain, "EService:Busy"),
    ("unknown", k("ESomething:New"), TryAgain, "ESomething:New"),
    ("520", Reply(HTML, 520), TryAgain, "520"),
    ("no result", Reply('{"error": []}'), TryAgain, "unreadable"),
]


BINGX = [
    ("wrong signature", b(100001, 200), KeyBroken, "100001"),
    ("no signature", b(100412, 200), KeyBroken, "100412"),
    ("wrong key", b(100413, 200), KeyBroken, "100413"),
    ("foreign address", b(100419, 200), KeyBroken, "100419"),
    ("account restricted", b(100414, 200), KeyBroken, "100414"),
    ("no right", b(100004, 200), StreamUnavailable, "100004"),
    ("bad parameter", b(100400, 200), StreamUnavailable, "100400"),
    ("bad parameter of swap", b(109400, 200), StreamUnavailable, "109400"),
    ("too fast", b(100410, 200), WaitUntil, "100410"),
    ("too fast, the newer code", b(109429, 200), WaitUntil, "109429"),
    ("429", Reply("{}", 429, {}), WaitUntil, "429"),
    ("418", Reply(HTML, 418), WaitUntil, "418"),
    ("403 by a firewall", Reply(HTML, 403, PAGE), WaitUntil, "403"),
    ("busy", b(100503, 200), TryAgain, "100503"),
    ("a fault of theirs", b(100500, 200), TryAgain, "100500"),
    ("an unknown code", b(424242, 200), TryAgain, "424242"),
    ("504", Reply("", 504), TryAgain, "504"),
    ("rows without their fields", Reply('[{"what": 1}]'), TryAgain, "unreadable"),
]


@pytest.mark.parametrize(
    ("reply", "kind", "code"), [c[1:] for c in BINGX], ids=[c[0] for c in BINGX]
)
def test_bingx(stub: Stub, reply: Reply, kind: type[GatewayError], code: str | None) -> None:
    stub.answers("/bingx/openApi/api/v3/capital/deposit/hisrec", reply)
    client = registry.open_client("bingx", CREDENTIALS, base_url=f"{stub.url}/bingx")
    with pytest.raises(GatewayError) as caught:
        client.fetch_page(DEPOSITS, {}, now=NOW)
    check(caught.value, kind, code)
    client.close()


@pytest.mark.parametrize(
    ("reply", "kind", "code"), [c[1:] for c in BINANCE], ids=[c[0] for c in BINANCE]
)
def test_binance(
    stub: Stub, binance: ExchangeClient, reply: Reply, kind: type[GatewayError], code: str | None
) -> None:
    stub.answers("/binance/sapi/v1/capital/deposit/hisrec", reply)
    with pytest.raises(GatewayError) as caught:
        binance.fetch_page(DEPOSITS, {}, now=NOW)
    check(caught.value, kind, code)


@pytest.mark.parametrize(
    ("reply", "kind", "code"), [c[1:] for c in KRAKEN], ids=[c[0] for c in KRAKEN]
)
def test_kraken(
    stub: Stub, kraken: ExchangeClient, reply: Reply, kind: type[GatewayError], code: str | None
) -> None:
    stub.answers("/kraken/0/private/Ledgers", reply)
    with pytest.raises(GatewayError) as caught:
        kraken.fetch_page(LEDGER, {}, now=NOW)
    check(caught.value, kind, code)


def check(error: GatewayError, kind: type[GatewayError], code: str | None) -> None:
    """The right way out, the exchange's code, plain words, and nothing secret anywhere near."""
    assert type(error) is kind
    assert code is None or error.code == code
    assert error.message.endswith((".", "…"))
    assert error.__context__ is None
    assert error.__cause__ is None
    told = "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))
    for secret in (API_KEY, SECRET, "signature=", "http", "127.0.0.1", "Some words of theirs"):
        assert secret not in told.replace("http.py", "")


@pytest.mark.parametrize(
    ("header", "expected"), [("30", 30), ("0", 0), ("Sat, 21 Nov 2026 00:10:00 GMT", None)]
)
def test_retry_after_is_honoured(
    stub: Stub, binance: ExchangeClient, header: str, expected: int | None
) -> None:
    path = "/binance/sapi/v1/capital/deposit/hisrec"
    stub.answers(path, Reply("{}", 429, {"Retry-After": header}))
    before = datetime.now(UTC)
    with pytest.raises(WaitUntil) as caught:
        binance.fetch_page(DEPOSITS, {}, now=NOW)
    if expected is None:
        assert caught.value.until == datetime(2026, 11, 21, 0, 10, tzinfo=UTC)
    else:
        wait = timedelta(seconds=expected)
        assert before + wait <= caught.value.until <= datetime.now(UTC) + wait


def test_a_timeout_is_tried_again(stub: Stub) -> None:
    stub.answers("/kraken/0/private/Ledgers", Reply("{}", wait=0.6))
    client = registry.open_client("kraken", CREDENTIALS, base_url=f"{stub.url}/kraken")
    client._gateway._ccxt.timeout = 200  # type: ignore[attr-defined]
    with pytest.raises(TryAgain) as caught:
        client.fetch_page(LEDGER, {}, now=NOW)
    check(caught.value, TryAgain, "RequestTimeout")


def test_a_dead_address_is_tried_again() -> None:
    client = registry.open_client("kraken", CREDENTIALS, base_url="http://127.0.0.1:9/kraken")
    with pytest.raises(TryAgain) as caught:
        client.fetch_page(LEDGER, {}, now=NOW)
    check(caught.value, TryAgain, "NetworkError")


def test_a_clock_that_differs_is_set_and_the_request_repeated(
    stub: Stub, binance: ExchangeClient
) -> None:
    path = "/binance/sapi/v1/capital/deposit/hisrec"
    ahead = timedelta(minutes=10)
    stub.answers("/binance/api/v3/time", lambda _: Reply(f'{{"serverTime": {ms(ahead)}}}'))

    def reply(asked: Asked) -> Reply:
        close = abs(int(asked.parameters["timestamp"]) - ms(ahead)) < 5000
        return Reply("[]") if close else b(-1021)

    stub.answers(path, reply)
    assert binance.fetch_page(DEPOSITS, {}, now=NOW).records == ()
    assert [asked.path for asked in stub.asked] == [path, "/binance/api/v3/time", path]
    # The next client of this exchange starts with the clock set.
    again = registry.open_client("binance", CREDENTIALS, base_url=f"{stub.url}/binance")
    again.fetch_page(DEPOSITS, {}, now=NOW)
    assert len(stub.asked) == 4


def ms(ahead: timedelta) -> int:
    return int((datetime.now(UTC) + ahead).timestamp() * 1000)


def test_a_clock_that_stays_wrong_is_not_asked_forever(stub: Stub, binance: ExchangeClient) -> None:
    stub.answers("/binance/api/v3/time", '{"serverTime": 1}')
    stub.answers("/binance/sapi/v1/capital/deposit/hisrec", b(-1021))
    with pytest.raises(TryAgain) as caught:
        binance.fetch_page(DEPOSITS, {}, now=NOW)
    check(caught.value, TryAgain, "-1021")
    assert len(stub.asked) == 3


def test_a_number_used_before_is_followed_by_a_newer_one(
    stub: Stub, kraken: ExchangeClient
) -> None:
    seen: list[int] = []

    def reply(asked: Asked) -> Reply:
        seen.append(int(asked.parameters["nonce"]))
        done = '{"error":[],"result":{"ledger":{},"count":0}}'
        return k("EAPI:Invalid nonce") if len(seen) == 1 else Reply(done)

    stub.answers("/kraken/0/private/Ledgers", reply)
    assert kraken.fetch_page(LEDGER, {}, now=NOW).is_last
    assert len(seen) == 2
    assert seen[1] > seen[0]


@pytest.mark.parametrize("work", ["audit", "balances"])
def test_a_key_that_may_not_even_show_itself_is_broken(
    stub: Stub, kraken: ExchangeClient, work: str
) -> None:
    for path in ("GetApiKeyInfo", "BalanceEx"):
        stub.answers(f"/kraken/0/private/{path}", k("EGeneral:Permission denied"))
    with pytest.raises(KeyBroken) as caught:
        getattr(kraken, work)()
    check(caught.value, KeyBroken, "EGeneral:Permission denied")


def test_an_unknown_pair_is_remembered_and_not_an_error(
    stub: Stub, binance: ExchangeClient
) -> None:
    scope = {"symbol": "AAABBB", "base": "AAA", "quote": "BBB", "sweep": "yes"}
    stream = StreamSpec("trades:AAABBB", RecordKind.TRADES, scope)
    stub.answers("/binance/api/v3/myTrades", b(-1121))
    page = binance.fetch_page(stream, {}, now=NOW)
    assert page.is_last
    assert page.covered is None
    again = binance.fetch_page(stream, page.cursor, now=NOW + timedelta(days=6))
    assert again.is_last
    assert len(stub.asked) == 1
    stub.answers("/binance/api/v3/myTrades", "[]")
    later = binance.fetch_page(stream, again.cursor, now=NOW + timedelta(days=8))
    assert later.covered is not None
    assert len(stub.asked) == 2


def test_a_swept_pair_without_trades_rests_for_a_day(stub: Stub, binance: ExchangeClient) -> None:
    scope = {"symbol": "AAABBB", "base": "AAA", "quote": "BBB"}
    swept = StreamSpec("trades:AAABBB", RecordKind.TRADES, {**scope, "sweep": "yes"})
    hot = StreamSpec("trades:AAABBB", RecordKind.TRADES, scope)
    stub.answers("/binance/api/v3/myTrades", "[]")
    cursor = binance.fetch_page(swept, {}, now=NOW).cursor
    assert binance.fetch_page(swept, cursor, now=NOW + timedelta(hours=23)).is_last
    assert len(stub.asked) == 1
    binance.fetch_page(hot, cursor, now=NOW + timedelta(hours=1))
    binance.fetch_page(swept, cursor, now=NOW + timedelta(hours=25))
    assert len(stub.asked) == 3


@pytest.mark.parametrize("thing", ["client", "gateway"])
def test_nothing_secret_is_in_a_repr(binance: Any, thing: str) -> None:
    shown = repr(binance) if thing == "client" else repr(binance._gateway)
    assert API_KEY not in shown
    assert SECRET not in shown
