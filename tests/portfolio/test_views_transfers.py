"""The pages of transfers: lists, decisions, linking by hand, and where else they show."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.engine.transfers import Finding, candidates, match
from portfolio.models import Stream, Transaction, TransferLink
from portfolio.selectors import transfers as selector
from portfolio.services import findings, transfer_matching
from portfolio.templatetags.transfers import reasons, verdict
from tests import factories
from tests.engine.transfer_cases import history
from tests.portfolio.conftest import Browser, Sent

LIST = reverse("portfolio:transfer-list")
HASH = "ab" * 32
Status = TransferLink.Status


@pytest.fixture
def sides(owner: User) -> tuple[Stream, Stream]:
    """Streams of two accounts."""
    here = factories.connection(owner, exchange="binance", label="Binance")
    return factories.stream(here), factories.stream(factories.connection(owner, label="Kraken"))


def _pair(
    sides: tuple[Stream, Stream],
    amount: str = "1.23456",
    *,
    hours: int = 0,
    arrives: str = "",
    **detail: str,
) -> tuple[Transaction, Transaction]:
    at = factories.NOW - timedelta(hours=hours)
    out = factories.transaction(
        sides[0], (f"-{amount}", "ETH"), kind="withdrawal", at=at, detail=detail
    )
    into = factories.transaction(
        sides[1],
        (arrives or amount, "ETH"),
        kind="deposit",
        at=at + timedelta(minutes=20),
        detail=detail,
    )
    return out, into


@pytest.fixture
def proposal(owner: User, sides: tuple[Stream, Stream]) -> TransferLink:
    _pair(sides)
    transfer_matching.match(owner.pk)
    return TransferLink.objects.get()


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def _read(page: Client, url: str, query: dict[str, str] | None = None) -> str:
    return _text(page.get(url, query or {}).content.decode())


def test_an_empty_list_says_what_will_be_there(page: Client) -> None:
    assert "Nothing to review" in _read(page, LIST)
    assert "No transfers yet" in _read(page, LIST, {"tab": "accepted"})
    assert "Nothing refused" in _read(page, LIST, {"tab": "refused"})
    assert "Nothing to review" in _read(page, LIST, {"tab": "nonsense", "older": "x"})


def test_a_proposal_is_shown_with_its_reasons_in_words(
    page: Client, proposal: TransferLink
) -> None:
    text = _read(page, LIST)
    for words in ("1.23456 ETH likely", "2 of 2 rules met", "the amount is the same"):
        assert words in text
    assert "it arrived 20\xa0minutes later" in text.replace("20 minutes", "20\xa0minutes")
    assert "To review 1" in text


def test_what_differs_is_said_by_how_much(
    owner: User, page: Client, sides: tuple[Stream, Stream]
) -> None:
    _pair(sides, "1", arrives="1.4", txid=HASH)
    transfer_matching.match(owner.pk)
    assert "2 of 3 rules met: the amount differs by 0.4 ETH" in _read(page, LIST)


def test_a_proposal_is_accepted_and_undone_with_one_click_each(
    page: Client, proposal: TransferLink, sent: Sent, django_capture_on_commit_callbacks: object
) -> None:
    answer = page.post(
        reverse("portfolio:transfer-accept", args=[proposal.pk]), {"next": f"{LIST}?asset=ETH"}
    )
    assert answer.headers["Location"] == f"{LIST}?asset=ETH"
    proposal.refresh_from_db()
    assert proposal.status == Status.ACCEPTED
    assert "Accepted by hand" in _read(page, LIST, {"tab": "accepted"})
    page.post(reverse("portfolio:transfer-undo", args=[proposal.pk]))
    assert "Undone by hand" in _read(page, LIST, {"tab": "refused"})


def test_a_refusal_goes_to_its_own_list_and_comes_back_when_asked(
    page: Client, proposal: TransferLink
) -> None:
    page.post(reverse("portfolio:transfer-refuse", args=[proposal.pk]))
    assert "1.23456" not in _text(page.get(LIST).content.decode())
    assert "Refused by hand" in _read(page, LIST, {"tab": "refused"})
    page.post(reverse("portfolio:transfer-undo", args=[proposal.pk]))
    assert "1.23456 ETH likely" in _read(page, LIST)


@pytest.mark.django_db(transaction=True)
def test_a_decision_has_the_rest_matched_again(
    transactional_db: None, browser: Browser, sent: Sent
) -> None:
    owner = factories.user("again@example.org")
    streams = [factories.stream(factories.connection(owner)) for _ in range(2)]
    _pair((streams[0], streams[1]))
    transfer_matching.match(owner.pk)
    link = TransferLink.objects.get()
    browser(owner).post(reverse("portfolio:transfer-refuse", args=[link.pk]))
    assert sent.calls == [("match_transfers", (owner.pk,))]


def test_what_cannot_be_done_is_said(page: Client, proposal: TransferLink) -> None:
    url = reverse("portfolio:transfer-undo", args=[proposal.pk])
    assert "Nothing was decided" in _text(page.post(url, follow=True).content.decode())


@pytest.mark.parametrize("asked", ["https://example.org/", "//example.org/", "javascript:x", ""])
def test_nobody_is_sent_elsewhere(page: Client, proposal: TransferLink, asked: str) -> None:
    url = reverse("portfolio:transfer-refuse", args=[proposal.pk])
    assert page.post(url, {"next": asked}).headers["Location"] == LIST


def test_a_click_swaps_the_list_its_tabs_and_says_what_was_done(
    page: Client, proposal: TransferLink
) -> None:
    url = reverse("portfolio:transfer-accept", args=[proposal.pk])
    answer = page.post(url, {"next": LIST}, headers={"HX-Request": "true"}, follow=True)
    html = answer.content.decode()
    assert "<html" not in html
    assert html.count("hx-swap-oob") == 2
    assert "Accepted as a transfer." in html


def test_unlikely_pairs_wait_until_they_are_asked_for(
    owner: User, page: Client, sides: tuple[Stream, Stream]
) -> None:
    _pair(sides, "1.23456", arrives="1.22")
    transfer_matching.match(owner.pk)
    assert "1 unlikely pair is left out" in _read(page, LIST)
    assert "1.23456 ETH unlikely" in _read(page, LIST, {"weak": "on"})
    assert not TransferLink.objects.of(owner).waiting().exists()


def test_the_list_is_filtered_and_paged(
    owner: User, page: Client, sides: tuple[Stream, Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        factories.transfer(*_pair(sides, f"1.1{number}", hours=number))
    shown = [str(link.sent) for link in page.get(LIST).context["page"].rows]
    assert shown == [f"1.1{number}" for number in range(7)]
    assert not page.get(LIST, {"asset": "BTC"}).context["filters"].asset  # not one there is
    own = str(sides[0].connection_id)
    assert len(page.get(LIST, {"connection": own}).context["page"].rows) == 7
    lone = factories.connection(owner, label="Lone")
    assert "Nothing matches" in _read(page, LIST, {"connection": str(lone.pk)})
    whole = selector.page
    monkeypatch.setattr(selector, "page", lambda *a, **k: whole(*a, **k, size=3))
    seen, url = [], LIST
    while url:
        answer = page.get(url)
        seen += [str(link.sent) for link in answer.context["page"].rows]
        url = LIST + answer.context["older_url"] if answer.context["older_url"] else ""
    assert seen == shown


def test_queries_do_not_grow_with_the_list(
    page: Client,
    sides: tuple[Stream, Stream],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(25):
        factories.transfer(*_pair(sides, f"1.{number + 10}", hours=number))
    with django_assert_max_num_queries(12):
        page.get(LIST)
    with django_assert_max_num_queries(15):
        page.get(reverse("portfolio:transaction-list"))


def test_all_that_the_engine_may_say_has_words() -> None:
    said: dict[tuple[str, str], Finding] = {}
    for seed in range(4):
        case = history(seed, 400, days=60)
        outs, ins = case.outgoing, case.incoming
        found = [pair for out in outs[:200] for pair in candidates(out, ins, is_outgoing=True)]
        for pair in [*match(outs, ins), *found]:
            said |= {(f.rule, f.what): f for f in pair.findings}
    assert len(said) >= 15
    for finding in said.values():
        told = {"rule": finding.rule.value, "is_met": True, "what": finding.what}
        (reason,) = reasons(TransferLink(reasons=[told | {"values": dict(finding.values)}]))
        assert reason.words != f"{finding.rule.value}: {finding.what}"
        assert "%(" not in reason.words


# --- Linking by hand --------------------------------------------------------------------------


def test_a_withdrawal_is_split_among_deposits(page: Client, sides: tuple[Stream, Stream]) -> None:
    out, into = _pair(sides, "10", arrives="6")
    rest = factories.transaction(sides[1], ("3.9", "ETH"), kind="deposit")
    factories.transaction(sides[1], ("4", "BTC"), kind="deposit")
    url = reverse("portfolio:transfer-link", args=[out.pk])
    rows = page.get(url).context["form"].rows
    assert {offered.transaction.pk for offered, _, _ in rows} == {into.pk, rest.pk}
    one, two = into.pk, rest.pk
    told = {f"is_{one}": "on", f"sent_{one}": "6", f"is_{two}": "on", f"sent_{two}": "4"}
    answer = page.post(url, told)
    assert answer.headers["Location"] == reverse("portfolio:transaction-detail", args=[out.pk])
    links = TransferLink.objects.order_by("sent")
    assert [(row.sent, row.received, row.status) for row in links] == [
        (Decimal(4), Decimal("3.9"), "accepted"),
        (Decimal(6), Decimal(6), "accepted"),
    ]
    assert verdict(links[0]) == "Linked by hand."
    assert page.get(url).status_code == 404  # nothing is left


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "Choose at least one deposit"),
        ({"is": "on", "sent": "11"}, "more than what left"),
        ({"is": "on", "sent": "0"}, "above zero"),
        ({"is": "on", "sent": ""}, "How much of it"),
        ({"is": "on", "sent": "NaN"}, "Enter a number"),
    ],
)
def test_what_does_not_add_up_is_not_linked(
    page: Client, sides: tuple[Stream, Stream], told: dict[str, str], words: str
) -> None:
    out, into = _pair(sides, "10")
    named = {f"{name}_{into.pk}": value for name, value in told.items()}
    answer = page.post(reverse("portfolio:transfer-link", args=[out.pk]), named)
    assert answer.status_code == 422
    assert words in _text(answer.content.decode())
    assert not TransferLink.objects.exists()


def test_a_withdrawal_without_deposits_around_it_says_so(
    page: Client, sides: tuple[Stream, Stream]
) -> None:
    out = factories.transaction(sides[0], ("-1", "ETH"), kind="withdrawal")
    assert "within 30 days" in _read(page, reverse("portfolio:transfer-link", args=[out.pk]))


# --- Elsewhere --------------------------------------------------------------------------------


def test_transactions_say_what_they_are_part_of(page: Client, sides: tuple[Stream, Stream]) -> None:
    out, into = _pair(sides)
    factories.transfer(out, into, status=Status.ACCEPTED)
    listed = _read(page, reverse("portfolio:transaction-list"))
    assert "Withdrawal transfer to Kraken" in listed
    assert "Deposit transfer from Binance" in listed
    here = _read(page, reverse("portfolio:transaction-detail", args=[out.pk]))
    there = _read(page, reverse("portfolio:transaction-detail", args=[into.pk]))
    assert "Part of a transfer to Kraken" in here
    assert "Part of a transfer from Binance" in there


def test_a_proposal_leads_from_its_transaction_to_the_review(
    page: Client, proposal: TransferLink
) -> None:
    text = _read(page, reverse("portfolio:transaction-detail", args=[proposal.incoming_id]))
    assert "Perhaps one transfer with Binance (likely)" in text
    assert "transfer from" not in _read(page, reverse("portfolio:transaction-list"))


def test_a_trade_has_nothing_of_it(page: Client, sides: tuple[Stream, Stream]) -> None:
    row = factories.transaction(sides[0], ("-1", "ETH"), ("2000", "EUR"))
    html = page.get(reverse("portfolio:transaction-detail", args=[row.pk])).content.decode()
    assert 'id="transfer"' not in html


def test_the_dashboard_says_that_proposals_wait(
    owner: User, page: Client, proposal: TransferLink
) -> None:
    home = reverse("portfolio:dashboard")
    factories.holding(proposal.outgoing.connection, "ETH")
    findings.refresh(owner.pk)
    assert "Likely transfers between your accounts 1" in _read(page, home)
    page.post(reverse("portfolio:transfer-refuse", args=[proposal.pk]))
    findings.refresh(owner.pk)
    assert "Likely transfers" not in _read(page, home)


def test_the_asset_page_shows_them_too(page: Client, sides: tuple[Stream, Stream]) -> None:
    factories.holding(sides[0].connection, "ETH")
    factories.transfer(*_pair(sides), status=Status.ACCEPTED)
    assert "transfer to Kraken" in _read(page, reverse("portfolio:asset-detail", args=["ETH"]))
