"""The key of a connection: its passport, a check on demand, and forgetting all keys at once."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.adapter import client_ip
from portfolio import tasks
from portfolio.exchanges import catalogue, key_rules
from portfolio.models import Connection
from portfolio.selectors import keys as selector
from portfolio.services import connections as service
from portfolio.services import forgetting
from portfolio.services.connections import ConnectionProblem
from portfolio.views.access import Request, confirmed


@login_required
@never_cache
@require_safe
def passport(request: Request, connection_id: UUID) -> HttpResponse:
    """Shows all that is known of a key; asks for itself again while it is being checked."""
    try:
        found = selector.passport(request.user, connection_id, now=timezone.now())
    except Connection.DoesNotExist:
        raise Http404 from None
    exchange = found.connection.exchange
    context = {
        "passport": found,
        "connection": found.connection,
        "rule": key_rules.rule_of(exchange),
        "can_prove": _can_prove(exchange),
    }
    template = "_live" if request.htmx else "passport"
    return render(request, f"portfolio/keys/{template}.html", context)


def _can_prove(exchange: str) -> bool:
    try:
        return catalogue.get(exchange).can_prove_permissions
    except KeyError:
        return False


@login_required
@require_POST
@transaction.atomic
def check(request: Request, connection_id: UUID) -> HttpResponse:
    """Has the exchange asked now what the key may do."""
    connection = get_object_or_404(Connection.objects.of(request.user), pk=connection_id)
    try:
        service.request_check(connection=connection)
    except ConnectionProblem as problem:
        messages.error(request, problem.message)
    else:
        ident = str(connection.pk)
        transaction.on_commit(partial(tasks.check_connection.delay, ident), robust=True)
    return redirect("portfolio:connection-key", connection.pk)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed
def forget(request: Request) -> HttpResponse:
    """Says exactly what forgetting all keys does, then does it."""
    if request.method == "POST":
        number = forgetting.forget_all_keys(user=request.user, ip_address=client_ip(request))
        messages.success(request, _forgotten(number))
        return redirect("portfolio:connection-list")
    context = {"connections": selector.with_keys(request.user)}
    return render(request, "portfolio/keys/forget.html", context)


def _forgotten(number: int) -> str:
    return ngettext(
        "%(number)s connection has no key any more. Delete the key at the exchange too.",
        "%(number)s connections have no key any more. Delete the keys at the exchanges too.",
        number,
    ) % {"number": number}
