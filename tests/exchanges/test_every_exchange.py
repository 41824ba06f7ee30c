"""What holds for every exchange that ccxt has, with a profile or without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from portfolio.engine.types import RecordKind
from portfolio.exchanges import catalogue, registry
from portfolio.exchanges.errors import GatewayError, KeyBroken, TryAgain, WaitUntil, WriteRefused
from portfolio.exchanges.markets import LocalMarketCache
from portfolio.exchanges.profiles import PROFILES
from portfolio.exchanges.types import ExchangeClient
from portfolio.forms import ConnectionForm
from tests.exchanges import guarded as made_up
from tests.exchanges.guarded import ALL, guarded
from tests.exchanges.stub import Asked, Reply, Stub

OPEN = [exchange for exchange in ALL if not catalogue.get(exchange).unavailable]
SECRETS = {value for value in made_up.CREDENTIALS.values() if len(value) > 12}
# The others plan from the lists of their accounts, which tests of their own serve.
PLANNED = [exchange for exchange in OPEN if not getattr(PROFILES.get(exchange), "accounts", None)]
# Their classes in this ccxt fail before they ask, whatever the key.
BROKEN_IN_CCXT = {"coinbaseinternational"}
NOT_PLAIN = ("ccxt", "http", "Traceback", "Exception", "None", "{", "}", "privateGet", "127.0.0.1")


def credentials_of(exchange: str) -> dict[str, str]:
    """Made-up values in the form that the exchange's signatures need."""
    fields = [field.name for field in catalogue.get(exchange).credentials]
    values = {name: made_up.CREDENTIALS[name] for name in fields}
    match exchange:
        case "coinbase":
            values["secret"] = made_up._pem()
        case "lbank":
            values["secret"] = "ab" * 8
        case "modetrade" | "woofipro":
            values["secret"] = "ed25519:" + "2" * 44
        case "revolutx":
            values["privateKey"] = _ed25519()
    return values


def _ed25519() -> str:
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Ed25519PrivateKey.generate().private_bytes(*form).decode()


@pytest.fixture
def client(request: pytest.FixtureRequest, stub: Stub) -> Iterator[ExchangeClient]:
    exchange: str = request.param
    opened = registry.open_client(
        exchange, credentials_of(exchange), base_url=f"{stub.url}/x", markets=known(exchange)
    )
    assert stub.asked == []
    yield opened
    opened.close()


def known(exchange: str) -> LocalMarketCache:
    """Markets that were loaded before: BTC against USDT."""
    cache = LocalMarketCache()
    profile = PROFILES.get(exchange)
    if profile:
        cache.set(f"{exchange}:other", json.dumps([["BTCUSDT", "BTC", "USDT", True]]))
        return cache
    instance, _ = guarded(exchange)
    data = {
        "markets": list(instance.markets.values()),
        "currencies": instance.currencies,
        "options": {},
    }
    cache.set(f"{exchange}:other", json.dumps(data, default=str))
    return cache


def answers_all(stub: Stub, status: int, body: str, **headers: str) -> None:
    def reply(asked: Asked) -> Reply:
        stub.asked.append(asked)
        return Reply(body, status, headers)

    stub.reply = reply  # type: ignore[method-assign]


@pytest.mark.parametrize("exchange", OPEN)
def test_the_form_asks_for_what_the_exchange_needs_and_no_more(exchange: str) -> None:
    info = catalogue.get(exchange)
    form = ConnectionForm(exchange=info)
    names = [field.name for field in info.credentials]
    assert list(form.fields) == [*names, "label"] or set(form.fields) == {*names, "label"}
    empty = ConnectionForm({}, exchange=info)
    assert not empty.is_valid()
    assert set(empty.errors) == {field.name for field in info.credentials if field.required}
    for field in info.credentials:
        shown = str(form[field.name])
        assert ('type="password"' in shown or "<textarea" in shown) is field.secret


@pytest.mark.parametrize("exchange", [e for e in ALL if e not in OPEN])
def test_what_wants_a_wallet_s_private_key_says_why_it_is_not_taken(exchange: str) -> None:
    info = catalogue.get(exchange)
    assert info.credentials == ()
    assert "private key" in info.unavailable


@pytest.mark.parametrize(("exchange", "client"), [(e, e) for e in OPEN], indirect=["client"])
def test_a_write_is_refused_before_a_byte_leaves(exchange: str, client: Any, stub: Stub) -> None:
    instance = client._gateway._ccxt
    with pytest.raises(WriteRefused):
        instance.fetch2("withdraw", ["private"], "POST", {"amount": "1"})
    assert stub.asked == []


@pytest.mark.parametrize(("exchange", "client"), [(e, e) for e in PLANNED], indirect=["client"])
def test_streams_are_planned_as_the_catalogue_promises(
    exchange: str, client: ExchangeClient, stub: Stub
) -> None:
    profile = PROFILES.get(exchange)
    planned = client.plan_streams(known_assets=frozenset({"BTC", "USDT"}))
    keys = [stream.key for stream in planned]
    assert len(set(keys)) == len(keys)
    promised = {c.kind for c in catalogue.get(exchange).capabilities if c.available}
    kinds = {stream.kind.value for stream in planned}
    if profile:
        assert kinds
    else:
        assert kinds == promised & {kind.value for kind in RecordKind}
    assert stub.asked == []


@pytest.mark.parametrize(("exchange", "client"), [(e, e) for e in OPEN], indirect=["client"])
def test_an_error_of_the_exchange_is_told_in_plain_words(
    exchange: str, client: ExchangeClient, stub: Stub
) -> None:
    if exchange in BROKEN_IN_CCXT:
        return assert_unsent(exchange, client, stub)
    answers_all(stub, 401, '{"code":"E-X","msg":"apikey nonsense","message":"nonsense"}')
    with pytest.raises(GatewayError) as caught:
        client.balances()
    assert stub.asked
    assert_plain(exchange, caught.value)


@pytest.mark.parametrize(("exchange", "client"), [(e, e) for e in OPEN], indirect=["client"])
def test_an_outage_is_waited_for(exchange: str, client: ExchangeClient, stub: Stub) -> None:
    if exchange in BROKEN_IN_CCXT:
        return assert_unsent(exchange, client, stub)
    answers_all(stub, 502, "<html><body>Bad Gateway</body></html>")
    with pytest.raises((TryAgain, WaitUntil)) as caught:
        client.balances()
    assert_plain(exchange, caught.value)
    answers_all(stub, 429, '{"msg":"slow down"}', **{"Retry-After": "30"})
    with pytest.raises(WaitUntil) as waiting:
        client.balances()
    assert_plain(exchange, waiting.value)


def assert_unsent(exchange: str, client: ExchangeClient, stub: Stub) -> None:
    with pytest.raises(TryAgain) as caught:
        client.balances()
    assert caught.value.code == "unsent"
    assert stub.asked == []
    assert_plain(exchange, caught.value)


def test_a_key_of_the_wrong_form_is_said_so(stub: Stub) -> None:
    for exchange in ("revolutx", "woofipro"):
        values = credentials_of(exchange)
        values |= dict.fromkeys(set(values) - {"apiKey", "accountId"}, "no such form")
        client = registry.open_client(
            exchange, values, base_url=f"{stub.url}/x", markets=known(exchange)
        )
        with pytest.raises(KeyBroken) as caught:
            client.balances()
        assert_plain(exchange, caught.value)
        client.close()
    assert stub.asked == []


def assert_plain(exchange: str, error: GatewayError) -> None:
    text = error.message
    assert len(text) > 20
    assert text[0].isupper() or text.startswith(catalogue.get(exchange).name)
    assert text.rstrip().endswith(".")
    assert not [word for word in NOT_PLAIN if word in text], text
    assert not [secret for secret in SECRETS if secret in text + repr(error)]
    assert error.__context__ is None
    assert error.__cause__ is None
