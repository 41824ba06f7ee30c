"""Answers that drip in for ever, addresses that are gone, pages that contradict each other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import pytest

from portfolio.engine.types import RecordKind
from portfolio.exchanges import guard, registry
from portfolio.exchanges.errors import EndpointGone, StreamUnavailable, TryAgain
from portfolio.exchanges.types import ExchangeClient, StreamSpec
from tests.exchanges.conftest import CREDENTIALS
from tests.exchanges.stub import Asked, Reply, Stub

DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
TRADES = StreamSpec("trades:BTCUSDT", RecordKind.TRADES, {"symbol": "BTCUSDT"})
HTML = "<html><body>gone</body></html>"


@contextmanager
def dripping(pause: float, pieces: int, whole: Event | None = None) -> Iterator[str]:
    """An exchange that sends its answer piece by piece; gives its address, and tells its end."""
    import socket

    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _ = listener.accept()
        with peer:
            peer.recv(65_536)
            head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            body = b"[" + b" " * (pieces - 2) + b"]"
            peer.sendall(f"{head}Content-Length: {pieces}\r\n\r\n".encode())
            for number in range(pieces):
                time.sleep(pause)
                try:
                    peer.sendall(body[number : number + 1])
                except OSError:
                    return
            if whole is not None:
                whole.set()

    thread = Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        thread.join()


def deposits(base_url: str) -> Any:
    client = registry.open_client("binance", CREDENTIALS, base_url=base_url)
    try:
        return client.fetch_page(DEPOSITS, {}, now=datetime.now(UTC))
    finally:
        client.close()


def test_an_answer_that_drips_must_be_whole_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "ANSWER_WITHIN_MS", 800)
    whole = Event()
    # Each piece comes in time: the time-out of the connection alone would wait for all of them.
    with dripping(0.3, 100, whole) as url, pytest.raises(TryAgain, match="did not answer in time"):
        deposits(url)
    assert not whole.is_set(), "it was read to its end"


def test_a_slow_answer_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "ANSWER_WITHIN_MS", 60_000)
    with dripping(0.05, 10) as url:
        assert deposits(url).records == ()


@pytest.mark.parametrize("status", [404, 410, 451])
def test_an_address_that_is_gone_is_not_held_against_the_key(
    status: int, stub: Stub, binance: ExchangeClient
) -> None:
    stub.answers("/binance/api/v3/account", Reply(HTML, status))
    stub.answers("/binance/sapi/v1/account/apiRestrictions", Reply(HTML, status))
    for ask in (binance.balances, binance.audit):
        with pytest.raises(TryAgain) as caught:
            ask()
        assert "Binance" in caught.value.message
        assert "tick" not in caught.value.message
    stub.answers("/binance/sapi/v1/capital/deposit/hisrec", Reply(HTML, status))
    with pytest.raises(EndpointGone) as gone:
        binance.fetch_page(DEPOSITS, {}, now=datetime.now(UTC))
    assert isinstance(gone.value, StreamUnavailable)


def trades(first: int, count: int) -> str:
    rows = (
        f'{{"symbol":"BTCUSDT","id":{number},"price":"1","qty":"1","quoteQty":"1",'
        f'"commission":"0","commissionAsset":"BNB","time":{1_700_000_000_000 + number},'
        f'"isBuyer":true}}'
        for number in range(first, first + count)
    )
    return f"[{','.join(rows)}]"


def test_the_same_page_again_is_not_taken_for_the_next(stub: Stub, binance: ExchangeClient) -> None:
    stub.answers("/binance/api/v3/myTrades", trades(1, 1000))
    now = datetime.now(UTC)
    page = binance.fetch_page(TRADES, {}, now=now)
    with pytest.raises(TryAgain, match="gave the same page twice"):
        binance.fetch_page(TRADES, page.cursor, now=now)
    stub.answers("/binance/api/v3/myTrades", trades(1000, 5))
    assert binance.fetch_page(TRADES, page.cursor, now=now).is_last


def test_an_empty_page_after_a_full_one_is_asked_for_once_more(
    stub: Stub, binance: ExchangeClient
) -> None:
    answers = iter([trades(1, 1000), "[]", "[]"])

    def answer(asked: Asked) -> Reply:
        return Reply(next(answers))

    stub.answers("/binance/api/v3/myTrades", answer)
    now, last = datetime.now(UTC), []
    cursor: dict[str, Any] = {}
    for _ in range(3):
        page = binance.fetch_page(TRADES, cursor, now=now)
        cursor = page.cursor
        last.append(page.is_last)
    assert last == [False, False, True]
