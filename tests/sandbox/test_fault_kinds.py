"""The kinds of faults that strike any exchange, seen from the wire."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import ccxt
import pytest

from sandbox import exchanges
from sandbox.faults import Fault
from sandbox.http import Request, Response
from sandbox.rows import RowTroubles
from tests.sandbox.conftest import Client
from tests.sandbox_server import control, fault

# The other names of Binance show the same keys.
EXCHANGES = [
    name for name in exchanges.ids() if not name.startswith("binance") or name == "binance"
]
TIME = "/binance/api/v3/time"


@contextmanager
def answer(url: str, path: str = TIME) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request("GET", path)
        yield connection.getresponse()
    finally:
        connection.close()


def test_the_way_of_an_answer(sandbox: str) -> None:
    with fault(sandbox, "reset"), answer(sandbox) as told, pytest.raises(OSError, match="reset"):
        told.read()
    with (
        fault(sandbox, "short_body"),
        answer(sandbox) as told,
        pytest.raises(http.client.IncompleteRead),
    ):
        told.read()
    with fault(sandbox, "broken_gzip"), answer(sandbox) as told:
        assert told.headers["Content-Encoding"] == "gzip"
        assert told.read().startswith(b"{")
    with fault(sandbox, "wrong_type"), answer(sandbox) as told:
        assert told.headers["Content-Type"] == "text/html"
        assert json.loads(told.read())["serverTime"]
    with fault(sandbox, "large_page", megabytes=1), answer(sandbox) as told:
        assert len(told.read()) > 1_000_000
    with fault(sandbox, "slow_drip", pause_ms=10), answer(sandbox) as told:
        assert json.loads(told.read())["serverTime"]
    for kind, body in (("empty_body", b""), ("json_null", b"null")):
        with fault(sandbox, kind), answer(sandbox) as told:
            assert (told.status, told.read()) == (200, body)
    with fault(sandbox, "html"), answer(sandbox) as told:
        assert (told.status, told.read()[:6]) == (200, b"<html>")


def test_a_status_with_its_headers(sandbox: str) -> None:
    with fault(sandbox, "server_error", status=418, retry_after=7), answer(sandbox) as told:
        assert (told.status, told.headers["Retry-After"]) == (418, "7")
    with (
        fault(sandbox, "server_error", status=302, location="https://example.org/"),
        answer(sandbox) as told,
    ):
        assert (told.status, told.headers["Location"]) == (302, "https://example.org/")
    with fault(sandbox, "answer", status=409, body='{"odd":1}'), answer(sandbox) as told:
        assert (told.status, told.read()) == (409, b'{"odd":1}')


def test_what_is_lost_on_the_way_back_was_counted(sandbox: str) -> None:
    control(sandbox, "requests", "DELETE")
    with (
        fault(sandbox, "lost_answer"),
        pytest.raises(http.client.RemoteDisconnected),
        answer(sandbox),
    ):
        pass
    assert control(sandbox, "requests")["total"] == 1


@pytest.mark.parametrize("kind", ["key_deleted", "key_expired", "address_refused"])
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_keys_stop_working_in_the_exchange_s_own_words(
    exchange: str, kind: str, client: Client, sandbox: str
) -> None:
    reader = client(exchange, purpose="read-only-small")
    assert reader.fetch_balance()
    # ccxt takes Binance's word for a ban once the key has worked.
    refused = (ccxt.ExchangeError, ccxt.DDoSProtection)
    with fault(sandbox, kind, exchange=exchange), pytest.raises(refused):
        reader.fetch_balance()
    assert reader.fetch_balance()


def test_options_must_be_numbers_or_texts(sandbox: str) -> None:
    with pytest.raises(HTTPError, match="400"):
        control(sandbox, "faults", "POST", {"kind": "answer", "body": {}})


# --- Rows ---------------------------------------------------------------------------------------

LIST = '{"code":0,"data":{"n":1.50,"rows":[{"id":1,"a":{"b":"x"}},{"id":2,"a":{"b":"y"}}]}}'
OBJECTS = '{"error":[],"result":{"ledger":{"A":{"id":1},"B":{"id":2}},"count":2}}'


def spoilt(body: str, *kinds: dict[str, Any]) -> str:
    request = Request("GET", "/x", "", {}, b"", "127.0.0.1")
    faults = {
        kind["kind"]: Fault(1, kind["kind"], options={k: v for k, v in kind.items() if k != "kind"})
        for kind in kinds
    }
    response = Response(200, body.encode())
    RowTroubles().spoil(request, response, faults)
    return response.body.decode()


def test_rows_are_found_and_all_else_stays_as_it_was() -> None:
    assert spoilt(LIST, {"kind": "empty_page"}) == '{"code":0,"data":{"n":1.50,"rows":[]}}'
    emptied = '{"error":[],"result":{"ledger":{},"count":2}}'
    assert spoilt(OBJECTS, {"kind": "empty_page"}) == emptied
    twice = json.loads(spoilt(LIST, {"kind": "doubled_rows"}))["data"]["rows"]
    assert [row["id"] for row in twice] == [1, 1, 2, 2]
    assert spoilt('{"a":[1,2]}', {"kind": "doubled_rows"}) == '{"a":[1,2]}'


@pytest.mark.parametrize(
    ("value", "told"),
    [("NaN", '"b":NaN'), ("1e-18", '"b":1e-18'), ("null", '"b":null'), ("", '"a":{}')],
)
def test_a_field_is_written_as_it_was_told(value: str, told: str) -> None:
    wish = {"kind": "altered_rows", "field": "a.b", "value": value}
    assert spoilt(LIST, wish).count(told) == 2


def test_a_page_is_repeated_and_another_emptied() -> None:
    troubles = RowTroubles()

    def ask(body: str, one: Fault) -> str:
        response = Response(200, body.encode())
        request = Request("GET", "/x", "", {}, b"", "127.0.0.1")
        troubles.spoil(request, response, {one.kind: one})
        return response.body.decode()

    repeated = Fault(1, "repeated_page")
    assert ask('[{"id":1}]', repeated) == ask('[{"id":2}]', repeated) == '[{"id":1}]'
    empty = Fault(2, "empty_page", options={"after_full": 2})
    told = [ask(body, empty) for body in ('[{"a":1},{"a":2}]', '[{"a":3}]', '[{"a":3}]')]
    assert told == ['[{"a":1},{"a":2}]', "[]", '[{"a":3}]']
