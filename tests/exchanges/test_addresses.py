"""The address of this server, where an exchange's refusal names it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portfolio.exchanges import key_rules
from portfolio.exchanges.addresses import caller_named_in, only_address
from portfolio.exchanges.closed import all_closed


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            '{"label":"IP_FORBIDDEN","message":"Request IP not in whitelist: 203.0.113.7"}',
            "203.0.113.7",
        ),
        (
            '{"msg":"Your IP 203.0.113.7 is not included in your API key\'s IP whitelist.",'
            '"code":"50110"}',
            "203.0.113.7",
        ),
        (
            '{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action, request ip: '
            '203.0.113.7"}',
            "203.0.113.7",
        ),
        ('{"msg":"Your IP 2001:DB8::1 is not included"}', "2001:db8::1"),
        ('{"msg":"Invalid request ip, the current clientIp is:203.0.113.7"}', "203.0.113.7"),
        ('{"code":700006,"msg":"IP [203.0.113.7] not in the ip white list"}', "203.0.113.7"),
        ('{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}', ""),
        ('{"msg":"Invalid IP: allowed are 203.0.113.7, 203.0.113.8"}', ""),
        ('{"msg":"Your IP 999.1.1.1 is not included"}', ""),
        ("", ""),
    ],
)
def test_the_caller_is_read_where_it_is_named(text: str, address: str) -> None:
    assert caller_named_in(text) == address


@pytest.mark.parametrize(
    ("listed", "address"),
    [
        (("203.0.113.7",), "203.0.113.7"),
        (("203.0.113.7/32",), "203.0.113.7"),
        (("203.0.113.0/24",), ""),
        (("203.0.113.7", "203.0.113.8"), ""),
        ((), ""),
    ],
)
def test_one_address_alone_names_the_caller(listed: tuple[str, ...], address: str) -> None:
    assert only_address(listed) == address


def test_a_rule_ends_a_key_only_where_all_it_depends_on_is_told() -> None:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    assert key_rules.ends_at("gate", created_at=made, ip_restricted=False) == made + timedelta(90)
    assert key_rules.ends_at("gate", created_at=made, ip_restricted=None) is None
    assert key_rules.ends_at("gate", created_at=made, ip_restricted=True) is None
    assert key_rules.ends_at("gate", created_at=None, ip_restricted=False) is None
    assert key_rules.ends_at("kraken", created_at=made, ip_restricted=False) is None


def test_closed_exchanges_are_none_that_can_be_connected() -> None:
    from portfolio.exchanges import catalogue

    closed = all_closed()
    assert not {c.id for c in closed} & {info.id for info in catalogue.all_exchanges()}
    assert (closed[0].name, str(closed[0].closed_on)) == ("BitMEX", "2026-09-23")
