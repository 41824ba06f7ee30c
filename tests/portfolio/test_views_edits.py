"""The pages of edits: one transaction, many of the list, the history, and the way back."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.engine.edits import Part
from portfolio.engine.types import TransactionKind
from portfolio.models import Edit, Holding, Posting, Stream, Tag, Transaction
from portfolio.services import edit_marks, edits
from tests import factories
from tests.portfolio.conftest import Sent

LIST = reverse("portfolio:transaction-list")
EDITS = reverse("portfolio:edit-list")
BULK = reverse("portfolio:transaction-bulk")
ALL = reverse("portfolio:edit-revert-all")
D = Decimal


@pytest.fixture
def stream(owner: User) -> Stream:
    return factories.stream(factories.connection(owner))


@pytest.fixture
def deposit(stream: Stream, sent: Sent) -> Transaction:
    """A deposit; the tasks that pages send are taken."""
    return factories.transaction(stream, ("1.5", "BTC"), kind="deposit")


def url(name: str, *args: Any) -> str:
    return reverse(f"portfolio:{name}", args=args)


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def kinds() -> list[str]:
    rows = Transaction.objects.current().order_by("-occurred_at", "-id")
    return list(rows.values_list("kind", flat=True))


def test_a_kind_is_changed_and_the_history_says_who_when_and_why(
    page: Client, deposit: Transaction, owner: User
) -> None:
    told = {"kind": "airdrop", "reason": "a gift"}
    answer = page.post(url("edit-reclassify", deposit.pk), told, follow=True)
    made = Transaction.objects.current().get()
    assert answer.redirect_chain[-1][0] == url("transaction-detail", made.pk)
    read = text(answer)
    for words in ("Airdrop", "Reclassified", "Deposit 1.5 BTC → Airdrop 1.5 BTC", "a gift"):
        assert words in read
    assert owner.email in read
    assert made.postings.get().raw_record is not None
    assert f"raw-{made.postings.get().raw_record_id}" in answer.content.decode()
    below = text(page.get(url("transaction-detail", deposit.pk)))
    assert "counts nowhere" in below
    assert "Change the kind" not in below


@pytest.mark.django_db(transaction=True)
def test_worth_and_transfers_are_looked_at_anew(page: Client, stream: Stream, sent: Sent) -> None:
    row = factories.transaction(stream, ("1.5", "BTC"), kind="deposit")
    page.post(url("edit-hide", row.pk))
    owner = stream.connection.owner_id
    assert sent.calls == [("revalue", (owner,)), ("match_transfers", (owner,))]


@pytest.mark.parametrize("told", [{"kind": "nonsense"}, {}, {"kind": "withdrawal"}])
def test_a_bad_kind_changes_nothing_and_is_told(
    page: Client, deposit: Transaction, told: dict[str, str]
) -> None:
    answer = page.post(url("edit-reclassify", deposit.pk), told, follow=True)
    assert kinds() == ["deposit"]
    assert not Edit.objects.exists()
    assert "cf-notice" in answer.content.decode()


def test_hidden_it_is_only_where_hidden_ones_are_asked_for(
    page: Client, deposit: Transaction
) -> None:
    for asset in ("BTC", "ETH"):
        factories.holding(deposit.connection, asset)
    page.post(url("edit-hide", deposit.pk))
    assert page.get(LIST).context["page"].rows == ()
    hidden = page.get(LIST, {"hidden": "on"})
    assert hidden.context["page"].rows == (deposit,)
    assert "hidden" in text(hidden)
    by_asset = [page.get(LIST, {"hidden": "on", "asset": asset}) for asset in ("BTC", "ETH")]
    assert [len(answer.context["page"].rows) for answer in by_asset] == [1, 0]
    page.post(url("edit-revert", Edit.objects.get().pk))
    assert page.get(LIST).context["page"].rows == (deposit,)


def test_notes_and_tags_are_shown_and_found_by(page: Client, deposit: Transaction) -> None:
    page.post(url("edit-note", deposit.pk), {"note": "bought from a friend"})
    page.post(url("edit-tags", deposit.pk), {"tags": "private,  tax 2026 ,private"})
    read = text(page.get(LIST, {"tag": "tax 2026"}))
    assert "bought from a friend" in read
    assert "private" in read
    factories.holding(deposit.connection)
    assert page.get(LIST, {"tag": "private"}).context["page"].rows == (deposit,)
    page.post(url("edit-tags", deposit.pk), {"tags": "private"})
    assert list(Tag.objects.values_list("name", flat=True)) == ["private"]
    answer = page.post(url("edit-tags", deposit.pk), {"tags": "x" * 41}, follow=True)
    assert "at most 40" in text(answer)
    assert page.get(url("transaction-detail", deposit.pk)).status_code == 200


def test_a_split_is_typed_in_and_must_add_up(page: Client, deposit: Transaction) -> None:
    where = url("edit-split", deposit.pk)
    assert page.get(where).context["parts"] == 2
    told = {"parts": "2", "kind_1": "deposit", "kind_2": "reward"}
    bad = page.post(where, told | {"amount_0_1": "1", "amount_0_2": "0.4"})
    assert bad.status_code == 422
    assert "0.1 is missing" in text(bad)
    for wrong in ("x", "NaN", "1e400"):
        assert page.post(where, told | {"amount_0_1": wrong}).status_code == 422
    assert kinds() == ["deposit"]
    more = page.post(where, told | {"amount_0_1": "1", "more": "on"})
    assert more.status_code == 200
    assert 'name="amount_0_3"' in more.content.decode()
    assert 'value="1"' in more.content.decode()
    good = page.post(where, told | {"amount_0_1": "1", "amount_0_2": "0.5"}, follow=True)
    assert "Split" in text(good)
    assert sorted(kinds()) == ["deposit", "reward"]


def test_a_transaction_is_added_with_several_amounts(
    page: Client, stream: Stream, sent: Sent
) -> None:
    factories.holding(stream.connection, "EUR", "100")
    assert (
        url("edit-add", stream.connection_id) in page.get(url("transaction-add")).content.decode()
    )
    where = url("edit-add", stream.connection_id)
    told = {
        "kind": "trade", "occurred_at": "2026-01-02T03:04", "note": "in cash", "legs": "3",
        "amount_1": "0.5", "asset_1": "BTC", "wallet_1": "spot", "role_1": "principal",
        "amount_2": "-90", "asset_2": "EUR", "wallet_2": "spot", "role_2": "principal",
        "amount_3": "", "asset_3": "", "wallet_3": "spot", "role_3": "fee",
    }  # fmt: skip
    for wrong in ({"asset_1": ""}, {"amount_2": ""}, {"occurred_at": "2999-01-01T00:00"},
                  {"wallet_1": "attic"}, {"amount_1": "0"}):  # fmt: skip
        assert page.post(where, told | wrong).status_code == 422
    assert not Transaction.objects.exists()
    assert 'name="amount_5"' in page.post(where, told | {"more": "on"}).content.decode()
    read = text(page.post(where, told, follow=True))
    assert "Trade" in read
    assert "in cash" in read
    assert Holding.objects.get(asset="EUR").quantity == D(10)
    assert Posting.objects.filter(raw_record=None).count() == 2


# --- Many -------------------------------------------------------------------------------------


@pytest.fixture
def three(stream: Stream, sent: Sent) -> list[Transaction]:
    return [factories.transaction(stream, ("1", "BTC"), kind="other") for _ in range(3)]


def test_those_ticked_are_edited_and_undone_at_once(page: Client, three: list[Transaction]) -> None:
    told = {"action": "reclassify", "kind": "reward", "query": "kind=other"}
    chosen = [str(row.pk) for row in three[:2]]
    answer = page.post(BULK, told | {"row": chosen}, follow=True)
    assert answer.redirect_chain[-1][0] == f"{LIST}?kind=other"
    assert "2 edits made." in text(answer)
    assert sorted(kinds()) == ["other", "reward", "reward"]
    undo = answer.context["undo_url"]
    assert undo == url("edit-revert-batch", Edit.objects.latest("pk").batch)
    assert page.get(LIST).context["undo_url"] == ""
    back = page.post(undo, {"next": LIST}, follow=True)
    assert "2 edits taken back." in text(back)
    assert kinds() == ["other"] * 3


def test_all_that_the_filters_find(
    page: Client, three: list[Transaction], stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.transaction(stream, ("1", "BTC"), kind="deposit")
    told = {"action": "tag", "tags": "new, old", "query": "kind=other", "everything": "on"}
    page.post(BULK, told)
    assert Tag.objects.get(name="new").taggings.count() == 3
    monkeypatch.setattr("portfolio.views.bulk_edits.MOST", 2)
    answer = page.post(BULK, told | {"action": "hide"}, follow=True)
    assert "More than 2" in text(answer)
    assert len(kinds()) == 4


def test_two_are_merged_and_one_undone(page: Client, three: list[Transaction]) -> None:
    told = {"action": "merge", "kind": "other", "row": [row.pk for row in three[:2]]}
    answer = page.post(BULK, told, follow=True)
    assert len(kinds()) == 2
    page.post(answer.context["undo_url"])
    assert len(kinds()) == 3


@pytest.mark.parametrize(
    "told",
    [
        {"action": "hide"},
        {"action": "merge", "kind": "trade", "row": ["1"]},
        {"action": "reclassify", "row": ["1"]},
        {"action": "tag", "row": ["1"], "tags": " , "},
        {"action": "explode", "row": ["1"]},
        {"action": "hide", "row": ["x", "-1", "9" * 30]},
        {},
    ],
    ids=str,
)
def test_bad_choices_change_nothing(
    page: Client, three: list[Transaction], told: dict[str, Any]
) -> None:
    if "row" in told and told["row"] == ["1"]:
        told = told | {"row": [str(three[0].pk)]}
    answer = page.post(BULK, told, follow=True)
    assert answer.status_code == 200
    assert "cf-notice" in answer.content.decode()
    assert not Edit.objects.exists()


def test_the_rows_of_another_cannot_be_edited(
    page: Client, other: User, three: list[Transaction]
) -> None:
    theirs = factories.transaction(factories.stream(factories.connection(other)), ("1", "BTC"))
    told = {"action": "hide", "row": [str(theirs.pk), str(three[0].pk)]}
    assert page.post(BULK, told).status_code == 404
    assert not Edit.objects.exists()


# --- The list of edits ------------------------------------------------------------------------


def test_a_batch_is_one_row_and_opens_to_all_of_it(
    page: Client, owner: User, three: list[Transaction]
) -> None:
    edit_marks.note(user=owner, transaction_id=three[0].pk, text="first")
    done = edits.hide(user=owner, ids=[row.pk for row in three])
    rows = page.get(EDITS).context["page"].rows
    assert [(row.edit.kind, row.number, row.standing) for row in rows] == [
        ("hide", 3, 3),
        ("note", 1, 1),
    ]
    inside = page.get(EDITS, {"batch": str(done.batch)}).context["page"].rows
    assert [row.number for row in inside] == [1, 1, 1]
    page.post(url("edit-revert", done.edits[0].pk))
    assert page.get(EDITS, {"kind": "hide"}).context["page"].rows[0].standing == 2
    reverted = page.get(EDITS, {"state": "reverted", "batch": str(done.batch)})
    assert [row.edit.pk for row in reverted.context["page"].rows] == [done.edits[0].pk]
    assert page.get(EDITS, {"connection": str(three[0].connection_id)}).status_code == 200
    assert page.get(EDITS, {"batch": "x", "older": "y", "newer": "z"}).status_code == 200


def test_paging_shows_each_edit_once(
    page: Client, owner: User, deposit: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functools import partial

    from portfolio.selectors import edits as selector

    monkeypatch.setattr(selector, "page", partial(selector.page, size=2))
    for number in range(5):
        edit_marks.note(user=owner, transaction_id=deposit.pk, text=str(number))
    seen, where = [], EDITS
    while where:
        answer = page.get(where)
        seen += [row.edit.pk for row in answer.context["page"].rows]
        last, where = where, answer.context["older_url"] and EDITS + answer.context["older_url"]
    assert seen == sorted((edit.pk for edit in Edit.objects.all()), reverse=True)
    newer = page.get(EDITS + page.get(last).context["newer_url"])
    assert [row.edit.pk for row in newer.context["page"].rows] == seen[2:4]


def test_all_are_taken_back_after_asking(
    page: Client, owner: User, three: list[Transaction]
) -> None:
    edits.hide(user=owner, ids=[row.pk for row in three])
    read = text(page.get(ALL))
    assert "3 edits are in force" in read
    assert len(kinds()) == 0
    answer = page.post(f"{ALL}?connection={three[0].connection_id}", follow=True)
    assert "3 edits taken back." in text(answer)
    assert len(kinds()) == 3
    assert "nothing to take back" in text(page.post(ALL, follow=True))


def test_what_later_edits_stand_on_is_refused_or_taken_back_with_them(
    page: Client, owner: User, deposit: Transaction
) -> None:
    first = edits.reclassify(user=owner, ids=[deposit.pk], kind=TransactionKind.AIRDROP).edits[0]
    edits.hide(user=owner, ids=[first.made.get().pk])
    where = url("edit-revert", first.pk)
    assert "later edit stands" in text(page.post(where, follow=True))
    read = page.get(url("transaction-detail", deposit.pk))
    assert "With the later ones" in text(read)
    answer = page.post(where, {"with_later": "on"}, follow=True)
    assert "2 edits taken back." in text(answer)
    assert kinds() == ["deposit"]
    assert answer.redirect_chain[-1][0] == url("transaction-detail", deposit.pk)


def test_a_changed_record_is_told_and_can_be_kept(
    page: Client, owner: User, deposit: Transaction
) -> None:
    (edit,) = edits.hide(user=owner, ids=[deposit.pk]).edits
    Edit.objects.filter(pk=edit.pk).update(record_changed_at=factories.NOW)
    assert "the record changed since" in text(page.get(EDITS, {"state": "changed"}))
    page.post(url("edit-keep", edit.pk), {"next": EDITS})
    assert page.get(EDITS, {"state": "changed"}).context["page"].rows == ()


def test_a_way_back_that_is_not_ours_is_not_taken(
    page: Client, owner: User, deposit: Transaction
) -> None:
    (edit,) = edits.hide(user=owner, ids=[deposit.pk]).edits
    told = {"next": "https://example.org/edits/"}
    answer = page.post(url("edit-revert", edit.pk), told)
    assert answer.headers["Location"] == url("transaction-detail", deposit.pk)


def test_the_number_of_queries_does_not_grow(
    page: Client,
    owner: User,
    stream: Stream,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    rows = [factories.transaction(stream, ("1", "BTC"), kind="other") for _ in range(40)]
    for row in rows:
        edit_marks.tag(user=owner, ids=[row.pk], add=[f"tag {row.pk % 7}", "all"])
        edit_marks.note(user=owner, transaction_id=row.pk, text=f"note {row.pk}")
    done = edits.reclassify(user=owner, ids=[row.pk for row in rows], kind=TransactionKind.REWARD)
    made = done.edits[0].made.get()
    with transaction.atomic():
        edits.split(
            user=owner,
            transaction_id=made.pk,
            parts=[Part(TransactionKind.REWARD, (D(n),)) for n in ("0.25", "0.75")],
        )
    top = Transaction.objects.current().latest("pk")
    for where in (EDITS, LIST, f"{LIST}?hidden=on", ALL, url("transaction-detail", top.pk),
                  url("transaction-detail", rows[0].pk), url("edit-split", top.pk),
                  url("edit-add", stream.connection_id)):  # fmt: skip
        with django_assert_max_num_queries(15):
            assert page.get(where).status_code == 200


def test_no_batch_of_another_is_known(page: Client) -> None:
    assert page.post(url("edit-revert-batch", uuid.uuid4())).status_code == 404
