"""Forms of brokers, held against a report of the same year."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portfolio.forms_tax import BrokerFormForm
from portfolio.models import BrokerForm, TaxReport
from portfolio.selectors import broker_forms as selector
from portfolio.selectors import tax_pages
from portfolio.services import broker_forms
from portfolio.services.tax_settings import TaxProblem
from portfolio.views.access import Request
from portfolio.views.answers import row_number


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def compared(request: Request, report_id: int) -> HttpResponse:
    """What brokers told beside what the report says, by account; takes another form."""
    report = _report(request, report_id)
    accounts = selector.accounts_of(request.user, report.row)
    form = BrokerFormForm(request.POST or None, request.FILES or None, accounts=accounts)
    if request.method == "POST" and form.is_valid():
        try:
            broker_forms.add(user=request.user, year=report.row.year, **form.told())
        except TaxProblem as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, _("The form was read, and is held against the report."))
            return redirect("portfolio:tax-broker", report_id)
    context = {
        "row": report.row,
        "form": form,
        "accounts": selector.accounts(request.user, report.row),
    }
    status = 422 if form.is_bound else 200
    return render(request, "portfolio/taxes/broker.html", context, status=status)


def _report(request: Request, report_id: int) -> tax_pages.Report:
    try:
        report = tax_pages.report(request.user, report_id)
    except TaxReport.DoesNotExist:
        raise Http404 from None
    if not report.takes_broker_forms:
        raise Http404
    return report


@login_required
@require_POST
def delete(request: Request, form_id: int) -> HttpResponse:
    """Drops a form."""
    try:
        form = broker_forms.delete(user=request.user, form_id=form_id)
    except BrokerForm.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The form was deleted."))
    asked = row_number(request.POST.get("report", "")) or 0
    report = TaxReport.objects.of(request.user).filter(pk=asked).first()
    if report is None or report.year != form.year:
        return redirect("portfolio:tax-list")
    return redirect("portfolio:tax-broker", report.pk)
