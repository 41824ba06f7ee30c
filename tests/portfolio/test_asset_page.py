"""One asset: its figures, course, lots and transactions, and how each opens down to the record."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.engine.money import plain
from portfolio.engine.types import Event, TransactionKind
from portfolio.models import (
    Connection,
    DailyPrice,
    Posting,
    Stream,
    Transaction,
    ValuationState,
)
from portfolio.selectors import ledger as ledger_selector
from portfolio.selectors import lots, reconciliation, running_balance
from portfolio.services import assets, booking, ledger, manual_entries, valuation
from tests import factories

TODAY = factories.TODAY
BTC = reverse("portfolio:asset-detail", args=["BTC"])
CHART = reverse("portfolio:asset-chart", args=["BTC"])


@pytest.fixture
def stream(owner: User) -> Stream:
    return factories.stream(factories.connection(owner))


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def book(
    of: Stream, days: int, *moves: tuple[str, ...], kind: str = "trade", wallet: str = "spot"
) -> int:
    """Books a transaction some days ago at noon, and holds what it leaves; returns its id."""
    at = datetime.combine(ago(days), time(12), tzinfo=UTC)
    made = factories.transaction(of, *moves, kind=kind, at=at, wallet=wallet)  # type: ignore[arg-type]
    for amount, asset, *_ in moves:
        row, _ = of.connection.holdings.get_or_create(
            owner=of.connection.owner, wallet=wallet, asset=asset
        )
        row.quantity += Decimal(amount)
        row.reported = row.quantity
        row.save()
    return made.pk


def close(price: str, days: int) -> DailyPrice:
    return factories.daily_price("BTC", price, ago(days))


def text(page: Client, url: str) -> str:
    """What a person reads."""
    html = page.get(url).content.decode()
    return " ".join(re.sub(r"<script.*?</script>|<[^>]+>", "", html, flags=re.DOTALL).split())


# --- Totals by kind ---------------------------------------------------------------------------


def test_kinds_and_fees_add_up_to_what_is_held(page: Client, owner: User, stream: Stream) -> None:
    book(stream, 9, ("2", "BTC"), ("-200", "EUR"), ("-0.01", "BTC", "fee"))
    book(stream, 5, ("-0.5", "BTC"), ("60", "EUR"))
    book(stream, 5, ("0.25", "BTC"), kind="reward", wallet="earn")
    valuation.recompute(owner.pk)
    found = page.get(BTC).context["asset_page"]
    kinds = {total.kind: (str(total.came), str(total.went), total.number) for total in found.totals}
    assert kinds == {
        "trade": ("2", "-0.5", 2),
        "reward": ("0.25", "0", 1),
        "": ("0", "-0.01", 1),
    }
    assert found.moved == found.row.quantity == Decimal("1.74")
    assert (found.income, found.fees) == (Decimal("0.25"), Decimal("0.01"))
    assert found.is_summed


def test_totals_are_made_anew_from_the_changed_day_on_and_leave_out_what_an_edit_replaced(
    page: Client, owner: User, stream: Stream
) -> None:
    book(stream, 9, ("2", "BTC"))
    old = book(stream, 5, ("1", "BTC"))
    valuation.recompute(owner.pk)
    Posting.objects.filter(transaction=old).update(counts=False)
    new = book(stream, 5, ("3", "BTC"), kind="airdrop")
    ledger.mark_stale(owner.pk, ago(5))
    assert not page.get(BTC).context["asset_page"].is_summed
    valuation.recompute(owner.pk)
    found = page.get(BTC).context["asset_page"]
    assert {t.kind: t.came for t in found.totals} == {"trade": Decimal(2), "airdrop": Decimal(3)}
    assert next(row.lot.ref for row in found.lots.lots) == new


def test_what_is_told_as_another_kind_is_summed_anew(owner: User, stream: Stream) -> None:
    row = Transaction.objects.get(pk=book(stream, 4, ("1", "BTC"), kind="deposit"))
    valuation.recompute(owner.pk)
    event = Event(row.key, TransactionKind.REWARD, row.occurred_at)
    told = booking.Told(row.raw_records.get(), event)
    booking.assign(stream.connection, [told], reopened={row.pk})
    assert ValuationState.objects.get(owner=owner).stale_from == ago(4)
    valuation.recompute(owner.pk)
    booking.assign(stream.connection, [told], reopened={row.pk})
    assert ValuationState.objects.get(owner=owner).stale_from is None


def test_the_proof_sheet_is_the_same_by_stored_days_and_by_postings(
    owner: User, stream: Stream
) -> None:
    book(stream, 9, ("2", "BTC"), ("-200", "EUR"), ("-0.01", "BTC", "fee"))
    book(stream, 5, ("-0.5", "BTC"), ("60", "EUR"))
    told = manual_entries.Told("opening", Decimal(7), timezone.now() - timedelta(days=20))
    manual_entries.enter(
        user=owner, connection=stream.connection, wallet="spot", asset="BTC", told=told
    )

    def sums() -> list[tuple[str, str, list[tuple[str, str, int]]]]:
        return [
            (row.asset, plain(row.opening), [(s.kind, plain(s.amount), s.number) for s in row.sums])
            for row in reconciliation.proof(owner, stream.connection_id).rows
        ]

    by_postings = sums()
    assert by_postings == [
        ("BTC", "7", [("trade", "1.5", 2), ("fees", "-0.01", 1)]),
        ("EUR", "0", [("trade", "-140", 2)]),
    ]
    valuation.recompute(owner.pk)
    assert sums() == by_postings
    book(stream, 3, ("1", "BTC"), kind="reward")
    ledger.mark_stale(owner.pk, ago(3))
    later = sums()
    assert later[0][2] == [("trade", "1.5", 2), ("reward", "1", 1), ("fees", "-0.01", 1)]
    Posting.objects.exclude(
        raw_record=None
    ).delete()  # what is stored is used, up to the day that changed
    assert sums()[0][2][:2] == [("trade", "1.5", 2), ("fees", "-0.01", 1)]


# --- Course -----------------------------------------------------------------------------------


def test_the_chart_has_prices_purchases_sales_and_quantity_by_day(
    page: Client, owner: User, stream: Stream
) -> None:
    book(stream, 3, ("2", "BTC"), ("-200", "EUR"))
    book(stream, 1, ("-0.5", "BTC"), ("60", "EUR"), ("-0.1", "BTC", "fee"))
    close("100", 3)
    close("110.5", 2)
    factories.price("BTC", "0.000123456", at=timezone.now())
    valuation.recompute(owner.pk)
    data = page.get(CHART).json()
    assert data["days"].split() == [ago(days).isoformat() for days in (3, 2, 1, 0)]
    assert data["prices"].split() == ["100.00", "110.50", "110.50", "0.00012346"]
    assert data["held"].split() == ["2", "2", "1.4", "1.4"]
    assert (data["bought"], data["sold"]) == ({"0": "2"}, {"2": "0.5"})
    assert data["sources"] == ["Kraken sandbox"]


def test_a_long_course_is_told_in_stretches_and_loses_nothing(
    page: Client, owner: User, stream: Stream
) -> None:
    for days in range(0, 1200, 7):
        book(stream, days, ("1", "BTC"), ("-1", "EUR"))
        close(str(days + 1), days)
    valuation.recompute(owner.pk)
    data = page.get(CHART).json()
    assert data["step"] == 4
    assert len(data["days"].split()) <= 370
    assert sum(int(amount) for amount in data["bought"].values()) == 172
    assert data["held"].split()[-1] == "172"
    assert "-" not in data["prices"].split()
    month = page.get(CHART, {"range": "1m"}).json()
    assert month["step"] == 1
    assert len(month["days"].split()) == 32
    assert (
        int(month["held"].split()[0])
        + sum(int(amount) for day, amount in month["bought"].items() if day != "0")
        == 172
    )


def test_days_without_any_price_are_unknown(page: Client, owner: User, stream: Stream) -> None:
    book(stream, 12, ("2", "BTC"))
    close("100", 12)
    valuation.recompute(owner.pk)
    data = page.get(CHART).json()
    # A close is carried for a week and no longer.
    assert data["prices"].split() == ["100.00"] * 8 + ["-"] * 5
    assert "unknown" in text(page, reverse("portfolio:asset-days", args=["BTC"]))


def test_before_the_first_sums_there_is_nothing_to_draw(page: Client, stream: Stream) -> None:
    book(stream, 1, ("2", "BTC"))
    assert page.get(CHART).json()["days"] == ""
    assert "Nothing to show yet" in text(page, reverse("portfolio:asset-days", args=["BTC"]))


def test_the_table_has_what_the_chart_has(page: Client, owner: User, stream: Stream) -> None:
    book(stream, 1, ("2", "BTC"), ("-200", "EUR"))
    close("100", 1)
    valuation.recompute(owner.pk)
    shown = text(page, reverse("portfolio:asset-days", args=["BTC"]))
    assert "100.00 EUR Kraken sandbox" in shown
    assert "2 – 2" in shown


# --- Lots -------------------------------------------------------------------------------------


def _lots(page: Client) -> list[tuple[int, str, list[tuple[str, str]]]]:
    rows = page.get(BTC).context["asset_page"].lots.lots
    return [
        (row.lot.ref, plain(row.lot.left), [(asset, plain(paid)) for asset, paid in row.paid])
        for row in rows
    ]


def test_open_lots_are_the_last_in_with_what_was_paid_for_the_rest(
    page: Client, stream: Stream
) -> None:
    book(stream, 9, ("1", "BTC"), ("-100", "EUR"))
    half = book(stream, 8, ("2", "BTC"), ("-300", "EUR"), ("-0.5", "BNB", "fee"))
    book(stream, 7, ("-2", "BTC"), ("500", "EUR"))
    last = book(stream, 6, ("1.01", "BTC"), ("-0.01", "BTC", "fee"), kind="deposit")
    assert _lots(page) == [
        (last, "1", []),
        (half, "1", [("EUR", "150"), ("BNB", "0.25")]),
    ]
    assert "unknown" in text(page, BTC)


def test_lots_cost_what_was_paid_then_and_a_deposit_costs_what_is_not_known(
    page: Client, owner: User, stream: Stream
) -> None:
    for asset, price in (("BTC", "110"), ("BNB", "4")):
        for days in (3, 2, 1):
            factories.daily_price(asset, price, ago(days))
    factories.price("BTC", "150", at=timezone.now())
    book(stream, 3, ("2", "BTC"), ("-200", "EUR"), ("-0.5", "BNB", "fee"))
    book(stream, 2, ("1", "BTC"), kind="reward")
    book(stream, 1, ("1", "BTC"), kind="deposit")
    book(stream, 0, ("-1", "BTC"), ("150", "EUR"))
    answer = page.get(reverse("portfolio:asset-lots", args=["BTC"]))
    told = [(one.cost, one.value, one.gain) for one in answer.context["costs"]]
    assert told == [(None, 150, None), (110, 150, 40), (101, 150, 49)]
    valuation.recompute(owner.pk)
    worths = page.get(BTC).context["asset_page"].worths
    assert (worths.cost, worths.realised, worths.income, worths.gaps) == (315, 45, 110, 0)


def test_own_transfers_keep_their_lots(page: Client, owner: User, stream: Stream) -> None:
    other = factories.stream(factories.connection(owner, label="Other"))
    bought = book(stream, 9, ("1", "BTC"), ("-100", "EUR"))
    out = book(stream, 5, ("-1", "BTC"), kind="withdrawal")
    into = book(other, 5, ("0.99", "BTC"), kind="deposit")
    assert _lots(page) == [(into, "0.99", [])]
    out_row, in_row = (Posting.objects.get(transaction=pk).transaction for pk in (out, into))
    link = factories.transfer(
        out_row, in_row, sent=Decimal(1), received=Decimal("0.99"), status="accepted"
    )
    assert _lots(page) == [(bought, "0.99", [("EUR", "99")])]
    link.delete()
    assert _lots(page) == [(into, "0.99", [])]


def test_a_move_between_wallets_told_as_one_is_no_arrival(page: Client, stream: Stream) -> None:
    bought = book(stream, 9, ("1", "BTC"), ("-100", "EUR"))
    book(stream, 5, ("-1", "BTC"), ("1", "BTC"), kind="transfer")
    assert [ref for ref, *_ in _lots(page)] == [bought]


def test_lots_are_found_behind_many_moves_that_brought_nothing(
    page: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lots, "page", partial(lots.page, size=1))
    first = book(stream, 20, ("1", "BTC"), ("-1", "EUR"))
    for days in range(15, 3, -1):
        book(stream, days, ("-1", "BTC"), ("1", "BTC"), kind="transfer")
    last = book(stream, 1, ("1", "BTC"), ("-1", "EUR"))
    url = reverse("portfolio:asset-lots", args=["BTC"])
    answer = page.get(url)
    assert [row.lot.ref for row in answer.context["page"].lots] == [last]
    older = page.get(url + answer.context["older_url"])
    assert [row.lot.ref for row in older.context["page"].lots] == [first]
    assert older.context["older_url"] == ""


def test_pages_of_lots_go_on_where_the_last_ended(
    page: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lots, "page", partial(lots.page, size=3))
    made = [book(stream, days, ("1", "BTC"), ("-1", "EUR")) for days in range(10)]
    book(stream, 0, ("-2.5", "BTC"), ("9", "EUR"))
    url, seen = reverse("portfolio:asset-lots", args=["BTC"]), []
    while url:
        answer = page.get(url)
        seen += [(row.lot.ref, plain(row.lot.left)) for row in answer.context["page"].lots]
        older = answer.context["older_url"]
        url = reverse("portfolio:asset-lots", args=["BTC"]) + older if older else ""
    assert seen == [(ref, "1") for ref in made[:7]] + [(made[7], "0.5")]


def test_more_out_than_in_is_said(page: Client, stream: Stream) -> None:
    book(stream, 9, ("-1", "BTC"), ("100", "EUR"))
    assert "More went out than came in" in text(page, BTC)


# --- Running balance and raw record -----------------------------------------------------------


def balance_url(of: Connection, wallet: str = "spot") -> str:
    return reverse("portfolio:running-balance", args=[of.pk]) + f"?wallet={wallet}&asset=BTC"


def test_the_balance_after_each_posting_is_told_on_every_page(
    page: Client, owner: User, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_balance, "page", partial(running_balance.page, size=4))
    amounts = [3, -1, 2, 5, -4, 1, 1, -2, 6, 7, -3]
    for number, amount in enumerate(amounts):
        book(stream, (len(amounts) - number) // 2, (str(amount), "BTC"), ("1", "EUR"))
    book(stream, 2, ("100", "BTC"), wallet="earn")
    wanted = [sum(amounts[: number + 1]) for number in range(len(amounts))][::-1]
    for is_summed in (False, True):
        if is_summed:
            valuation.recompute(owner.pk)
        first, url = balance_url(stream.connection), balance_url(stream.connection)
        seen: list[Decimal] = []
        while url:
            answer = page.get(url)
            shown = answer.context["page"]
            seen += [line.balance for line in shown.lines]
            last, url = url, reverse("portfolio:running-balance", args=[stream.connection_id])
            url = url + answer.context["older_url"] if answer.context["older_url"] else ""
        assert seen == wanted
        assert shown.opening == 0
        back = page.get(last).context["newer_url"]
        newer = reverse("portfolio:running-balance", args=[stream.connection_id]) + back
        assert [line.balance for line in page.get(newer).context["page"].lines] == wanted[4:8]
        assert page.get(first).context["page"].lines[0].balance == shown.holding.quantity


def test_sums_of_days_that_changed_are_not_used(page: Client, owner: User, stream: Stream) -> None:
    book(stream, 9, ("2", "BTC"))
    book(stream, 5, ("1", "BTC"))
    valuation.recompute(owner.pk)
    book(stream, 7, ("4", "BTC"))
    ledger.mark_stale(owner.pk, ago(7))
    lines = page.get(balance_url(stream.connection)).context["page"].lines
    assert [line.balance for line in lines] == [7, 6, 2]


def test_a_record_is_shown_with_its_fetch_and_what_rests_on_it(
    page: Client, stream: Stream
) -> None:
    pk = book(stream, 1, ("0.5", "BTC"), ("-50", "EUR"))
    record = Posting.objects.filter(transaction=pk)[0].raw_record
    assert record is not None
    shown = text(page, reverse("portfolio:record-detail", args=[record.pk]))
    for words in ("POST /0/private/Ledgers", "stream ledger", "fetched 20 Nov 2026", "+0.5"):
        assert words in shown, words


# --- The page ---------------------------------------------------------------------------------


def test_the_figures_open(page: Client, owner: User, stream: Stream) -> None:
    book(stream, 1, ("2", "BTC"), ("-200", "EUR"))
    valuation.recompute(owner.pk)
    html = page.get(BTC).content.decode()
    place = "?wallet=spot&amp;asset=BTC"
    connection = stream.connection_id
    for link in (
        reverse("portfolio:running-balance", args=[connection]) + place,
        reverse("portfolio:proof-place", args=[connection]) + place,
        reverse("portfolio:transaction-list") + "?asset=BTC&amp;kind=trade",
        'href="#wallets"',
        'href="#totals"',
    ):
        assert link in html, link


def test_what_is_merged_is_one_asset_in_every_figure(
    page: Client, owner: User, stream: Stream
) -> None:
    book(stream, 3, ("2", "BTC"), ("-200", "EUR"))
    book(stream, 2, ("5", "MBTC"), ("-600", "EUR"))
    book(stream, 1, ("-1", "MBTC"), ("130", "EUR"), ("-0.5", "MBTC", "fee"))
    close("100", 3)
    to = assets.Target("BTC", Decimal("0.1"))
    assets.merge(user=owner, source="", code="MBTC", target=to)
    valuation.recompute(owner.pk)
    found = page.get(reverse("portfolio:asset-detail", args=["MBTC"])).context["asset_page"]
    assert found.row.asset == "BTC"
    assert found.moved == found.row.quantity == found.lots.held == Decimal("2.35")
    assert found.fees == Decimal("0.05")
    assert [(plain(row.lot.left), row.paid) for row in found.lots.lots] == [
        ("0.5", (("EUR", Decimal(600)),)),
        ("1.85", (("EUR", Decimal(185)),)),
    ]
    assert len(page.get(BTC).context["page"].rows) == 3
    data = page.get(CHART).json()
    assert data["held"].split() == ["2", "2.5", "2.35", "2.35"]
    assert (data["bought"], data["sold"]) == ({"0": "2", "1": "0.5"}, {"2": "0.1"})


def test_transactions_are_paged_in_place(
    page: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [book(stream, days, ("1", "BTC")) for days in range(20)]
    first = page.get(BTC)
    assert [row.pk for row in first.context["page"].rows] == made[:15]
    headers = {"HX-Request": "true", "HX-Target": "transactions"}
    second = page.get(BTC + first.context["older_url"], headers=headers)
    assert [row.pk for row in second.context["page"].rows] == made[15:]
    assert second.content.decode().lstrip().startswith('<div id="transactions"')
    assert ledger_selector.PAGE_SIZE > 15


def test_another_span_brings_the_chart_alone(page: Client, owner: User, stream: Stream) -> None:
    book(stream, 1, ("1", "BTC"))
    headers = {"HX-Request": "true", "HX-Target": "course"}
    html = page.get(BTC, {"range": "1m"}, headers=headers).content.decode()
    assert html.lstrip().startswith('<section class="card cf-card" id="course"')
    assert f"{CHART}?range=1m" in html


def test_an_asset_that_no_record_moved_says_what_is_reported(page: Client, owner: User) -> None:
    factories.holding(factories.connection(owner), "BTC", "0", reported="5")
    shown = text(page, BTC)
    assert "≠" not in shown
    assert "+5" in shown
    assert "No transaction moved this asset." in shown
    assert "echarts" not in page.get(BTC).content.decode()


def test_an_asset_that_was_never_held_is_not_found(page: Client) -> None:
    for name in ("asset-detail", "asset-chart", "asset-days", "asset-lots"):
        assert page.get(reverse(f"portfolio:{name}", args=["XYZ"])).status_code == 404


def test_the_queries_are_counted(
    page: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    made = factories.full_account(owner)
    valuation.recompute(owner.pk)
    record = made["trade"].raw_records.get()
    for url, most in (
        (BTC, 15),
        (CHART, 15),
        (reverse("portfolio:asset-days", args=["BTC"]), 15),
        (reverse("portfolio:asset-lots", args=["BTC"]), 15),
        (balance_url(made["kraken"]), 10),
        (reverse("portfolio:record-detail", args=[record.pk]), 10),
    ):
        with django_assert_max_num_queries(most):
            assert page.get(url).status_code == 200
