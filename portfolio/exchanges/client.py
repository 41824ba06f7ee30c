"""The view of one connection whose exchange has a profile."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from portfolio.engine.types import ReportedBalance, ReportedPosition
from portfolio.exchanges import failures, page_checks
from portfolio.exchanges.account_lists import AccountLists, all_pages
from portfolio.exchanges.errors import EndpointGone, KeyBroken, StreamUnavailable, TryAgain
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.gateway import Gateway, Rules
from portfolio.exchanges.markets import LocalMarketCache, MarketCache
from portfolio.exchanges.paging import Answer, Cursor, Row, Step
from portfolio.exchanges.profile import (
    AccountsRule,
    Call,
    MarketRow,
    PositionRule,
    Profile,
    RawPage,
    StreamRule,
)
from portfolio.exchanges.reading import load_markets, twice, understand, unproved
from portfolio.exchanges.types import (
    FetchedRecord,
    Page,
    PermissionAudit,
    StreamSpec,
)


def rules_of(profile: Profile, name: str) -> Rules:
    """Return what the gateway must know of ``profile``'s exchange."""
    return Rules(
        exchange=profile.exchange,
        name=name,
        calls=profile.read_list,
        allowances=profile.allowances,
        error_code=profile.error_code,
        codes=profile.codes,
        time_call=profile.time_call,
        read_time=profile.read_time,
        options=profile.ccxt_options,
        urls=profile.ccxt_urls,
        codes_decide=profile.codes_decide,
        family=profile.family,
    )


class ProfileClient:
    """Reads one connection as its exchange's profile says (see ``types.ExchangeClient``)."""

    def __init__(
        self,
        profile: Profile,
        gateway: Gateway,
        *,
        name: str,
        cache: MarketCache | None = None,
        cache_key: str = "",
    ) -> None:
        self._profile = profile
        self._gateway = gateway
        self._name = name
        self._cache = cache or LocalMarketCache()
        self._cache_key = cache_key or profile.exchange
        # Asked anew for balances, not for plans.
        self._accounts = AccountLists(profile.accounts, self._ask_balances, name)

    def __repr__(self) -> str:
        return f"ProfileClient({self._profile.exchange!r})"

    def audit(self) -> PermissionAudit:
        """Ask the exchange what this key may do. May raise any GatewayError."""
        profile = self._profile
        uid = self._uid() if profile.audit_parameters else None
        audit = self._audit(uid or "")
        uid = uid or self._uid()
        return audit if uid is None else dataclasses.replace(audit, account_uid=uid)

    def _audit(self, uid: str) -> PermissionAudit:
        profile = self._profile
        text = None
        if profile.audit_call:
            text = self._told_of_key(profile.audit_call, uid)
        if text is None:
            self.balances()  # finds out that the key works
            return unproved(self._name)
        return understand(self._judge, text, self._name)

    def _told_of_key(self, call: Call, uid: str) -> str | None:
        """Return what the exchange answers about this key; None where it will not say."""
        profile = self._profile
        asked = profile.audit_parameters(uid) if profile.audit_parameters else {}
        try:
            return self._ask_own(
                call, asked, profile.audit_refused, own_key_as=profile.audit_key_parameter
            )
        except KeyBroken as error:
            if error.code not in profile.audit_withheld:
                raise
        return None

    def _uid(self) -> str | None:
        """Ask who the account is, where the audit's answer does not tell."""
        profile = self._profile
        if profile.by_address:
            return self._gateway.address
        if not profile.uid_call or not profile.read_uid:
            return None
        answer = self._ask_own(profile.uid_call, profile.uid_parameters, profile.audit_refused)
        return understand(profile.read_uid, answer, self._name)

    def _judge(self, text: str) -> PermissionAudit:
        profile = self._profile
        if profile.read_audit_among:
            return profile.read_audit_among(text, self._gateway.is_own_key)
        if profile.read_audit:
            return profile.read_audit(text)
        return unproved(self._name)

    def balances(self) -> list[ReportedBalance]:
        """Return every balance that is not zero, by wallet. May raise any GatewayError.

        A passing fault is met once for each: all of them must be had in one go.
        """
        found: list[ReportedBalance] = []
        self._accounts.forget()
        for rule in self._profile.balances:
            try:
                text = twice(partial(self._ask_balances, rule.call, rule.params))
            except (KeyBroken, TryAgain) as error:
                if error.code not in rule.absent_codes:
                    raise
                continue
            found += understand(rule.read, text, self._name)
        return found + self._accounts.read(lambda rule: rule.balances)

    def positions(self) -> list[ReportedPosition] | None:
        """Return the open positions; None of an exchange of which none are read.

        May raise StreamUnavailable where this key may not see them, or any GatewayError.
        """
        rules = self._profile.positions
        if not rules:
            return None
        return [position for rule in rules for position in self._positions_of(rule)]

    def _positions_of(self, rule: PositionRule) -> list[ReportedPosition]:
        try:
            pages = all_pages(rule.listing, self._gateway.ask, self._name)
        except (KeyBroken, StreamUnavailable) as error:
            if error.code not in rule.absent_codes:
                raise
            return []
        return [found for text in pages for found in understand(rule.read, text, self._name)]

    def _ask_balances(self, call: Call, parameters: Mapping[str, Any]) -> str:
        return self._ask_own(call, parameters, self._profile.balances_refused)

    def _ask_own(
        self, call: Call, parameters: Mapping[str, Any], refused: str, *, own_key_as: str = ""
    ) -> str:
        """Ask for what every key must show; one that may not is of no use."""
        try:
            return self._gateway.ask(call, parameters, own_key_as=own_key_as)
        except EndpointGone as error:
            raise TryAgain(error.message, code=error.code) from None
        except StreamUnavailable as error:
            code, caller = error.code, error.caller
        broken = KeyBroken(refused, code=code)
        broken.caller = caller
        raise broken

    def plan_streams(
        self, *, known_assets: frozenset[str], leads: Iterable[str] = ()
    ) -> list[StreamSpec]:
        """Return the streams to poll, most telling first. May raise any GatewayError.

        ``leads`` are the keys of streams that records called for (``Cursor["leads"]``).
        """
        profile, markets = self._profile, []
        if profile.plan_needs_markets:
            markets = load_markets(self._gateway, profile, self._cache, self._cache_key)
        wanted = partial(_wanted_pairs, known_assets, markets)
        rest = profile.plan(known_assets, markets) + self._accounts.read(wanted)
        rest += [_led(profile, key) for key in sorted(leads)]
        swept = sorted(rest, key=lambda stream: "sweep" in stream.scope)
        planned = self._accounts.read(lambda rule: rule.plan) + swept
        if not profile.by_address:
            return planned
        own = {"address": self._gateway.address}
        return [dataclasses.replace(stream, scope={**stream.scope, **own}) for stream in planned]

    def fetch_page(self, stream: StreamSpec, cursor: Cursor, *, now: datetime) -> Page:
        """Return the page of ``stream`` at ``cursor``. May raise any GatewayError."""
        rule = self._profile.stream_rule(stream)
        if _rests(stream, cursor, now):
            return _nothing(rule, cursor)
        cursor = {name: value for name, value in cursor.items() if name not in _RESTS}
        try:
            text = self._ask_page(rule, stream, cursor, now)
        except StreamUnavailable as error:
            if error.code in rule.absent_codes:
                return _nothing(rule, {**cursor, "absent": now.isoformat()})
            state = page_checks.bare(cursor)
            step = None if error.code in rule.refused_codes else rule.strategy.skip(state, now)
            if step is None:
                raise
            return _with_leads(_page_of(rule, (), step), cursor)
        raw = understand(rule.read, text, self._name)
        if rule.token_header:
            raw = raw._replace(token=self._gateway.header(rule.token_header) or None)
        pairs = self._pairs(rule, raw.rows)
        try:
            page = understand(lambda _: self._page(rule, raw, pairs, cursor, now), text, self._name)
        except page_checks.PageRepeated:
            raise failures.repeated(self._name) from None
        page = _with_leads(page, cursor, map(rule.leads_to, raw.rows))
        if page.is_last and not page.records and "sweep" in stream.scope:
            return dataclasses.replace(page, cursor={**page.cursor, "empty": now.isoformat()})
        return page

    def _ask_page(self, rule: StreamRule, stream: StreamSpec, cursor: Cursor, now: datetime) -> str:
        place = rule.strategy.parameters(page_checks.bare(cursor), now)
        try:
            return self._gateway.ask(rule.call, {**rule.parameters(stream), **place})
        except KeyBroken as error:
            if error.code not in rule.refused_codes:
                raise
            code = error.code
        raise StreamUnavailable(rule.refused, code=code)

    def _pairs(self, rule: StreamRule, rows: Sequence[Slice]) -> dict[str, str]:
        """Return the pairs of the markets that records name; asked anew for those just opened."""
        market_of = rule.market_of
        if market_of is None:
            return {}
        names = understand(lambda told: {market_of(row) for row in told} - {""}, rows, self._name)
        pairs: dict[str, str] = {}
        for anew in (False, True):
            if names <= pairs.keys():
                break
            markets = load_markets(
                self._gateway, self._profile, self._cache, self._cache_key, anew=anew
            )
            pairs = {row.symbol: f"{row.base}/{row.quote}" for row in markets}
        return pairs

    def _page(
        self,
        rule: StreamRule,
        raw: RawPage,
        pairs: Mapping[str, str],
        cursor: Cursor,
        now: datetime,
    ) -> Page:
        records = tuple(
            FetchedRecord(rule.external_id(row), rule.occurred_at(row), _body(rule, row, pairs))
            for row in raw.rows
        )
        rows = [Row(record.external_id, record.occurred_at) for record in records]
        answer = Answer(rows, raw.total, raw.token)
        step = page_checks.advance(rule.strategy, cursor, answer, now)
        return _page_of(rule, records, step)

    def close(self) -> None:
        """Close the connections."""
        self._gateway.close()


def _wanted_pairs(
    known: frozenset[str], markets: list[MarketRow], rule: AccountsRule
) -> Callable[[list[list[str]]], list[StreamSpec]]:
    return lambda lists: rule.plan_pairs(lists, known, markets)


# How long a pair is left alone: of which the exchange knows nothing, or that is swept and empty.
_RESTS = {"absent": timedelta(days=7), "empty": timedelta(days=1)}


def _rests(stream: StreamSpec, cursor: Cursor, now: datetime) -> bool:
    for name, length in _RESTS.items():
        known = name == "empty" and "sweep" not in stream.scope
        if name in cursor and not known and now - datetime.fromisoformat(cursor[name]) < length:
            return True
    return False


def _body(rule: StreamRule, row: Slice, pairs: Mapping[str, str]) -> str:
    text = rule.body(row)
    pair = pairs.get(rule.market_of(row)) if rule.market_of else None
    return f'{{"pair": {json.dumps(pair)}, {text[1:]}' if pair else text


def _led(profile: Profile, key: str) -> StreamSpec:
    """Return the stream that records called for: its scope is what stands behind the family."""
    family, _, name = key.partition(":")
    rule = next(rule for rule in profile.streams if rule.family == family)
    return StreamSpec(key, rule.kind, {"symbol": name})


def _with_leads(page: Page, cursor: Cursor, found: Iterable[str] = ()) -> Page:
    """Keep in the cursor which streams the records so far called for."""
    leads = sorted({*cursor.get("leads", ()), *found} - {""})
    return dataclasses.replace(page, cursor={**page.cursor, "leads": leads}) if leads else page


def _page_of(rule: StreamRule, records: tuple[FetchedRecord, ...], step: Step) -> Page:
    return Page(
        records=records,
        cursor=step.cursor,
        is_last=step.is_last,
        covered=step.covered,
        endpoint=rule.call.endpoint,
        progress=step.progress,
        unserved=step.unserved,
    )


def _nothing(rule: StreamRule, cursor: Cursor) -> Page:
    """There is nothing to ask for now; the cursor says until when."""
    return Page((), cursor, is_last=True, covered=None, endpoint=rule.call.endpoint)
