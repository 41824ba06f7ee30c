"""What a target calls assets: the format's words, and the user's own before them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portfolio.forms_exports import SymbolForm
from portfolio.models import ExportSymbol
from portfolio.selectors import export_symbols as selector
from portfolio.services import export_symbols as service
from portfolio.services.export_symbols import SymbolProblem
from portfolio.views.access import Request
from portfolio.views.answers import form_page
from portfolio.views.exports import target


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: Request, format_id: str) -> HttpResponse:
    """Lists the symbols of a target and takes a new one, or another in its place."""
    known = target(format_id)
    initial = {name: request.GET[name] for name in ("asset", "symbol") if name in request.GET}
    form = SymbolForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            service.choose(user=request.user, format_id=format_id, **form.cleaned_data)
        except SymbolProblem as problem:
            form.add_error("symbol", problem.message)
        else:
            messages.success(request, _("Files made from now on use this symbol."))
            return redirect("portfolio:export-symbols", format_id)
    context = {
        "target": known,
        "symbols": selector.listed(request.user, format_id, known.format.symbols),
        "held": selector.held(request.user),
    }
    return form_page(request, "portfolio/exports/symbols.html", form, context)


@login_required
@require_POST
def forget(request: Request, symbol_id: int) -> HttpResponse:
    """Takes the format's own word again."""
    try:
        row = service.forget(user=request.user, symbol_id=symbol_id)
    except ExportSymbol.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Files made from now on use the usual symbol."))
    return redirect("portfolio:export-symbols", row.format)
