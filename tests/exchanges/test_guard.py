"""Whatever is called on a guarded exchange, nothing but listed reads leaves the process."""

from __future__ import annotations

import inspect
import logging
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pytest

from portfolio.exchanges import generate, guard, registry
from portfolio.exchanges.errors import GatewayError, WriteRefused
from portfolio.exchanges.gateway import Gateway
from tests.exchanges.conftest import CREDENTIALS
from tests.exchanges.guarded import ALL, Wire, guarded
from tests.exchanges.stub import Reply, Stub

ACTING = (
    *("add_margin", "borrow_", "cancel_", "close_position", "create_", "deposit", "edit_"),
    *("reduce_margin", "redeem", "repay_", "set_leverage", "set_margin_mode", "set_position_mode"),
    *("transfer", "withdraw", "stake", "unstake", "approve_", "sell_", "buy_"),
)
ARGUMENTS: dict[str, Any] = {
    "symbol": "BTC/USDT",
    "type": "limit",
    "side": "buy",
    "amount": 1.0,
    "price": 1.0,
    "cost": 1.0,
    "id": "1",
    "ids": ["1"],
    "code": "BTC",
    "address": "0x" + "12" * 20,
    "tag": None,
    "leverage": 1,
    "marginMode": "isolated",
    "hedged": False,
    "fromAccount": "spot",
    "toAccount": "funding",
    "fromCode": "BTC",
    "toCode": "USDT",
    "timeout": 1000,
    "orders": [{"symbol": "BTC/USDT", "type": "limit", "side": "buy", "amount": 1.0, "price": 1.0}],
}
PARAMETERS = {
    "operatorId": "1",
    "accountId": "1",
    "subaccount_id": "1",
    "side": "buy",
    "is_ask": 0,
    "price": "1",
    "qty": "1",
}
UNIFIED = ("create_order", "cancel_order", "withdraw", "transfer")


def acting_methods(cls: type[Any]) -> list[str]:
    """Every method of a class that would act, by its name."""
    return [
        name
        for name in dir(cls)
        if name.startswith(ACTING) and callable(getattr(cls, name)) and not _is_helper(name)
    ]


def _is_helper(name: str) -> bool:
    return name.endswith(("_request", "_requests", "_helper", "_params", "_precision"))


def call(instance: Any, name: str) -> BaseException | None:
    """Call a method with arguments of the right kind; gives what it raised."""
    method = getattr(instance, name)
    wanted = inspect.signature(method).parameters
    arguments = {
        parameter.name: ARGUMENTS.get(parameter.name)
        for parameter in wanted.values()
        if parameter.name in ARGUMENTS or parameter.default is parameter.empty
    }
    arguments = {n: v for n, v in arguments.items() if n not in ("args", "kwargs")}
    if "params" in wanted:
        arguments["params"] = dict(PARAMETERS)
    try:
        method(**arguments)
    except BaseException as error:
        return error
    return None


@pytest.mark.parametrize("exchange", ALL)
def test_no_unified_write_of_any_exchange_sends_a_request(exchange: str) -> None:
    instance, wire = guarded(exchange)
    for name in acting_methods(type(instance)):
        call(instance, name)
        assert_only_reads(exchange, name, wire)


def assert_only_reads(exchange: str, name: str, wire: Wire) -> None:
    """A few methods read (the kind of account, the market) before they write; no more may go."""
    assert len(wire.sent) <= len(wire.admitted), f"{exchange}.{name}: {wire.sent}"
    for section, method, path in wire.admitted:
        acts = generate.looks_like_write(exchange, method, path)
        assert not acts, f"{exchange}.{name} sent {section} {method} {path}"


def test_the_refusal_and_not_luck_stops_the_four_that_matter() -> None:
    outcome: Counter[tuple[str, str]] = Counter()
    for exchange in ALL:
        instance, wire = guarded(exchange)
        for name in UNIFIED:
            error = call(instance, name)
            assert error is not None, f"{exchange}.{name} did nothing"
            assert_only_reads(exchange, name, wire)
            refused = isinstance(error, WriteRefused)
            outcome[name, "refused" if refused else "ccxt's own"] += 1
    # The others end in ccxt's own demands (an account id, a chain address) before they ask.
    assert outcome["create_order", "refused"] >= 85, outcome
    assert outcome["cancel_order", "refused"] >= 85, outcome
    assert outcome["withdraw", "refused"] >= 45, outcome
    assert outcome["transfer", "refused"] >= 35, outcome


@pytest.mark.parametrize("exchange", ALL)
def test_every_endpoint_that_is_not_listed_is_refused(exchange: str) -> None:
    instance, wire = guarded(exchange)
    listed = set(instance._gate._calls)
    refused = 0
    for entry in generate.entries(type(instance)).values():
        key = (guard.section_of(entry.api), entry.method, entry.path)
        if key in listed:
            continue
        with pytest.raises(WriteRefused):
            entry.unbound_method(instance, {})
        refused += 1
    assert refused > 0
    assert wire.sent == []
    assert wire.admitted == []


@pytest.mark.parametrize("exchange", ["binance", "kraken"])
def test_a_hand_made_request_is_refused(exchange: str) -> None:
    instance, wire = guarded(exchange)
    for path, api in (("AddOrder", "private"), ("order", "private"), ("../account", "private")):
        with pytest.raises(WriteRefused):
            instance.request(path, api, "POST", {})
        with pytest.raises(WriteRefused):
            instance.fetch2(path, [api], "POST", {})
    assert wire.sent == []


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/api/v3/account",
        "https://api.binance.com.example.org/api/v3/account",
        "https://someone@api.binance.com/api/v3/account",
        "http://api.binance.com/api/v3/account",
        "https://api.binance.com:444/api/v3/account",
        "https://api.binance.com/api/v3/../../sapi/v1/account",
        "file:///etc/passwd",
    ],
)
def test_only_the_exchange_s_own_address_is_spoken_to(url: str) -> None:
    instance, wire = guarded("binance")
    with pytest.raises(WriteRefused):
        instance.fetch(url, "GET")
    assert wire.sent == []


def test_an_address_outside_of_the_prefix_is_refused(stub: Stub) -> None:
    client = registry.open_client("kraken", CREDENTIALS, base_url=f"{stub.url}/kraken")
    with pytest.raises(WriteRefused):
        client._gateway._ccxt.fetch(f"{stub.url}/binance/api/v3/account")  # type: ignore[attr-defined]
    assert stub.asked == []


def test_a_redirect_is_not_followed(stub: Stub) -> None:
    away = Reply("", 302, {"Location": f"{stub.url}/elsewhere"})
    stub.answers("/kraken/0/private/BalanceEx", away)
    client = registry.open_client("kraken", CREDENTIALS, base_url=f"{stub.url}/kraken")
    with pytest.raises(GatewayError) as caught:
        client.balances()
    assert {asked.path for asked in stub.asked} == {"/kraken/0/private/BalanceEx"}
    assert caught.value.code == "TooManyRedirects"


def test_an_instance_without_a_gate_does_nothing() -> None:
    instance = guard.guarded_class("kraken")(CREDENTIALS)
    with pytest.raises(WriteRefused):
        instance.public_get_time()


def test_ccxt_reaches_the_network_by_fetch_alone() -> None:
    # The guard rests on it: a class with a way of its own would get past.
    for exchange in ALL:
        cls = getattr(ccxt, exchange)
        for base in cls.__mro__[:-1]:
            own = vars(base)
            assert base.__module__ == "ccxt.base.exchange" or "fetch2" not in own, base
            assert base.__module__ == "ccxt.base.exchange" or "fetch" not in own, base


def test_libraries_do_not_print_what_they_send(
    stub: Stub, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    stub.answers("/kraken/0/private/BalanceEx", '{"error":[],"result":{}}')
    with caplog.at_level(logging.DEBUG):
        client = registry.open_client("kraken", CREDENTIALS, base_url=f"{stub.url}/kraken")
        client.balances()
        client.close()
    printed = caplog.text + "".join(capsys.readouterr())
    assert CREDENTIALS["apiKey"] not in printed
    assert "API-Sign" not in printed
    assert "BalanceEx" not in printed


def test_an_operator_s_address_keeps_every_path() -> None:
    for exchange in ALL:
        instance = guard.make_instance(exchange, guard._Closed(), {}, {})
        before = instance.urls["api"]
        guard.point_at(instance, "http://127.0.0.1:8090/there/")
        for old, new in zip(_leaves(before), _leaves(instance.urls["api"]), strict=True):
            assert new.startswith("http://127.0.0.1:8090/there")
            assert "{hostname}" not in new
            assert new == "http://127.0.0.1:8090/there" + urlsplit(old).path


def _leaves(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [leaf for value in node.values() for leaf in _leaves(value)]
    return [node] if isinstance(node, str) else []


def test_signatures_do_not_change_with_the_address() -> None:
    at_home = Gateway(_kraken_rules(), CREDENTIALS, base_url=None)._ccxt
    elsewhere = Gateway(_kraken_rules(), CREDENTIALS, base_url="http://127.0.0.1:1/kraken")._ccxt
    for instance in (at_home, elsewhere):
        instance.incrementing_nonce = lambda: 1700000000000
    one = at_home.sign("BalanceEx", ["private"], "POST", {})
    two = elsewhere.sign("BalanceEx", ["private"], "POST", {})
    assert one["headers"] == two["headers"]
    assert two["url"] == "http://127.0.0.1:1/kraken/0/private/BalanceEx"


def _kraken_rules() -> Any:
    from portfolio.exchanges.client import rules_of
    from portfolio.exchanges.profiles import PROFILES

    return rules_of(PROFILES["kraken"], "Kraken")
