"""The list of transactions, and one of them down to the raw records."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from portfolio.forms_edits import BulkForm, NoteForm, ReclassifyForm, TagsForm
from portfolio.forms_filters import TransactionFilterForm
from portfolio.models import SavedFilter, Transaction
from portfolio.selectors import ledger, search, transfers, worth
from portfolio.services import tax_settings
from portfolio.services.edits import MOST
from portfolio.views.access import Request
from portfolio.views.bulk_edits import UNDO
from portfolio.views.paging import mark, page_url
from portfolio.views.saved_filters import query_of


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Shows one page of the filtered list; htmx gets the list without its frame.

    Where nothing is asked for, the user's default filter is; ``all`` asks for everything.
    """
    saved = list(SavedFilter.objects.of(request.user))
    first = next((kept for kept in saved if kept.is_default), None)
    if first is not None and not request.GET:
        return redirect(f"{request.path}?{first.query}")
    form = TransactionFilterForm(request.GET, choices=ledger.choices(request.user))
    filters = form.filters()
    page = ledger.page(
        request.user,
        filters,
        older_than=mark(request, "older"),
        newer_than=mark(request, "newer"),
    )
    context = {
        "form": form,
        "is_filtered": filters != ledger.Filters(),
        "saved": saved,
        "query": query_of(request.GET),
        "hits": search.hits(page.rows, filters.text),
        "page": page,
        "transfers": transfers.of_transactions(request.user, [row.pk for row in page.rows]),
        "newer_url": page_url(request, "newer", page.newer),
        "older_url": page_url(request, "older", page.older),
        "bulk": BulkForm(),
        "most": MOST,
        # Told once, on the page that follows the edit.
        "undo_url": "" if request.htmx else request.session.pop(UNDO, ""),
    }
    template = "_list" if request.htmx else "index"
    response = render(request, f"portfolio/transactions/{template}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_required
@require_safe
def detail(request: Request, transaction_id: int) -> HttpResponse:
    """Shows one transaction: postings, details, and every raw record behind it."""
    try:
        found = ledger.transaction(request.user, transaction_id)
    except Transaction.DoesNotExist:
        raise Http404 from None
    row, history = found.transaction, found.history
    can_edit = not row.is_replaced and found.entry is None
    standing = None if row.is_replaced else transfers.standing(request.user, row, found.postings)
    context = {
        "found": found,
        "standing": standing,
        "legs": worth.of_transaction(request.user, row, found.postings),
        "can_edit": can_edit,
        "can_choose": not row.is_replaced
        and any(amount < 0 for _asset, amount in found.net)
        and tax_settings.lets_choose(request.user),
        "kind_form": ReclassifyForm(initial={"kind": row.kind}),
        "note_form": NoteForm(initial={"note": history.note}),
        "tags_form": TagsForm(initial={"tags": ", ".join(history.tags)}),
    }
    return render(request, "portfolio/transactions/detail.html", context)
