"""The lists of reads are complete, up to date, and hold nothing that acts."""

from __future__ import annotations

import re

import ccxt
import pytest

from portfolio.exchanges import generate
from portfolio.exchanges.generic import read_list
from portfolio.exchanges.guard import section_of
from portfolio.exchanges.profiles import PROFILES
from tests.exchanges.guarded import ALL

# Written apart from the generator's own words on purpose: a second pair of eyes.
FORBIDDEN = re.compile(
    r"(?i)(cancel|create|amend|submit|approve|(?<!get_)authoriz|redeem|repay|liquidat|revoke|delete"
    r"|withdraw/apply|(?<!sub)(?<!un)subscribe|borrow(?!ed)|(?<!history)/transfer$|^transfer$|sendtx|place)"
)
ALL_CALLS = [(exchange, call) for exchange in ALL for call in read_list(exchange)]


def test_the_files_are_what_the_installed_ccxt_gives() -> None:
    catalogue, reads = generate.build()
    for name, data in (("catalogue", catalogue), ("read_lists", reads)):
        kept = (generate.DATA / f"{name}.json").read_text(encoding="utf-8")
        assert kept == generate.render(data), "run python -m portfolio.exchanges.generate"


def test_no_exchange_has_vanished() -> None:
    assert len(ALL) == 104
    assert {exchange for exchange, _ in ALL_CALLS} == set(ALL)


@pytest.mark.parametrize("exchange", ALL)
def test_every_listed_read_is_an_endpoint_of_its_exchange(exchange: str) -> None:
    known = {
        (section_of(entry.api), entry.method, entry.path)
        for entry in generate.entries(getattr(ccxt, exchange)).values()
    }
    profile = PROFILES.get(exchange)
    added = set(profile.ccxt_urls) if profile else set()  # parts of the API that ccxt lacks
    assert added.isdisjoint(api for api, _, _ in known)
    for call in (*read_list(exchange), *(profile.read_list if profile else ())):
        if call.api in added:
            assert call.method == "GET"
            continue
        assert (call.api, call.method, call.path) in known


def test_what_is_asked_beyond_ccxt() -> None:
    """Each was looked up in the exchange's documentation, and does nothing but tell."""
    beyond = {
        (exchange, call.endpoint)
        for exchange, profile in PROFILES.items()
        for call in profile.read_list
        if call.api in profile.ccxt_urls
    }
    assert beyond == {("krakenfutures", "GET /api/auth/v1/api-keys/v3/check")}


def test_no_listed_read_acts() -> None:
    known_to_read = {(path, method) for _, method, path in generate.KNOWN_READS}
    for exchange, call in ALL_CALLS:
        assert call.method in ("GET", "POST")
        if (call.path, call.method) not in known_to_read:
            assert not FORBIDDEN.search(call.path), (exchange, call)


def test_what_is_listed_in_spite_of_its_words() -> None:
    by_post = {entry for entry in generate.KNOWN_READS if entry[1] != "GET"}
    assert by_post == {
        ("bitstamp", "POST", "user_transactions/"),
        ("bitstamp", "POST", "user_transactions/{pair}/"),
        ("bitstamp", "POST", "withdrawal-requests/"),  # lists requests made
        ("coinone", "POST", "order/complete_orders"),  # lists orders done
        ("coinspot", "POST", "ro/my/transactions"),  # "ro": its read-only half
        ("gemini", "POST", "v1/transfers"),  # all private calls of Gemini are POST
        ("gemini", "POST", "v2/transfers"),
    }


# By GET these list what was done, by POST they would do it: POST is not listed.
BY_GET_ONLY = {
    ("binance", "sapi", "GET", "asset/transfer"),
    ("binance", "sapi", "GET", "margin/borrow-repay"),
    ("binance", "sapi", "GET", "margin/forceLiquidationRec"),
    ("binance", "sapi", "GET", "margin/transfer"),
    ("mexc", "spot.private", "GET", "capital/transfer"),
}


@pytest.mark.parametrize("exchange", PROFILES)
def test_profiles_ask_for_nothing_that_acts(exchange: str) -> None:
    for call in PROFILES[exchange].read_list:
        if (exchange, call.api, call.method, call.path) in BY_GET_ONLY:
            continue
        assert not generate.looks_like_write(exchange, call.method, call.path), call
        assert not FORBIDDEN.search(call.path), call


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "order"),
        ("POST", "order/list/cancel"),
        ("GET", "private/buy"),
        ("GET", "submit_transfer_to_user"),
        ("GET", "withdraw"),
        ("POST", "asset/transfer"),
        ("POST", "v1/withdrawals"),
        ("POST", "exchange"),
        ("POST", "sendTx"),
        ("POST", "full/v1/authorize_builder"),
        ("DELETE", "account/history"),
        ("PUT", "trades"),
        ("POST", "loan/repay/history-and-more"),
        ("POST", "orders/batch"),
        ("POST", "WalletTransfer"),
        ("POST", "Earn/Allocate"),
    ],
)
def test_what_acts_is_told_by_its_words(method: str, path: str) -> None:
    assert generate.looks_like_write("any", method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "capital/withdraw/history"),
        ("GET", "capital/deposit/hisrec"),
        ("POST", "TradesHistory"),
        ("POST", "DepositStatus"),
        ("GET", "get_transfers"),
        ("GET", "exchangeInfo"),
        ("POST", "auth/r/ledgers/hist"),
        ("GET", "orderbook/BTC"),
    ],
)
def test_what_reads_is_told_by_its_words(method: str, path: str) -> None:
    assert not generate.looks_like_write("any", method, path)
