"""Connections: the list, choosing an exchange, the key, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from functools import partial
from typing import Any
from uuid import UUID

from celery import Task
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portfolio import tasks
from portfolio.engine.types import RecordKind
from portfolio.exchanges import catalogue
from portfolio.exchanges.catalogue import ExchangeInfo
from portfolio.exchanges.closed import ClosedExchange, all_closed
from portfolio.forms import ConnectionForm, CredentialsForm, FetchAgainForm, RemoveForm
from portfolio.models import Connection
from portfolio.selectors import connections as selector
from portfolio.selectors import outbound
from portfolio.services import connections as service
from portfolio.services import progress, refetch
from portfolio.services.connections import ConnectionProblem
from portfolio.views.access import Request, recently_confirmed
from portfolio.views.answers import form_page


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Lists the connections with their state."""
    return render(
        request, "portfolio/connections/index.html", {"cards": selector.cards(request.user)}
    )


def _after_commit(task: Task[Any, Any], ident: object) -> None:
    """Sends a task once the change is stored; should the broker be away, beat sends it later."""
    transaction.on_commit(partial(task.delay, ident), robust=True)


# --- Adding one -------------------------------------------------------------------------------


@login_required
@require_safe
def choose(request: Request) -> HttpResponse:
    """Lists every exchange that can be connected; ``q`` narrows the list."""
    asked = request.GET.get("q", "").strip()
    found = [info for info in catalogue.all_exchanges() if _matches(info, asked)]
    context = {
        "q": asked,
        "sandboxes": [info for info in found if info.has_sandbox and settings.SANDBOX],
        "exchanges": found,
        "closed": [exchange for exchange in all_closed() if _matches(exchange, asked)],
    }
    template = "_exchanges" if request.htmx else "choose"
    return render(request, f"portfolio/connections/{template}.html", context)


def _matches(info: ExchangeInfo | ClosedExchange, asked: str) -> bool:
    words = asked.casefold().split()
    name = f"{info.name} {info.id}".casefold()
    return all(word in name for word in words)


def _exchange(environment: str, exchange: str) -> ExchangeInfo:
    """The exchange that an address names. May raise Http404."""
    try:
        info = catalogue.get(exchange)
    except KeyError:
        raise Http404 from None
    if environment == Connection.Environment.SANDBOX:
        if not (settings.SANDBOX and info.has_sandbox):
            raise Http404
    elif environment != Connection.Environment.LIVE:
        raise Http404
    return info


@sensitive_variables()
@sensitive_post_parameters()
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@recently_confirmed
def create(request: Request, environment: str, exchange: str) -> HttpResponse:
    """Says how to make a good key, takes it, and has a worker check it."""
    info = _exchange(environment, exchange)
    form = ConnectionForm(request.POST or None, exchange=info)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                connection = service.register(
                    user=request.user,
                    exchange=info.id,
                    environment=environment,
                    label=form.cleaned_data["label"],
                    credentials=form.credentials,
                )
                _after_commit(tasks.check_connection, str(connection.id))
        except ConnectionProblem as problem:
            form.add_error(None, problem.message)
        else:
            return redirect("portfolio:connection-detail", connection.id)
    context = {
        "info": info,
        "environment": environment,
        "addresses": outbound.addresses(environment, now=timezone.now()),
    }
    return form_page(request, "portfolio/connections/create.html", form, context)


@sensitive_variables()
@sensitive_post_parameters()
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@recently_confirmed
def replace(request: Request, connection_id: UUID) -> HttpResponse:
    """Takes a new key for a connection; the old one serves until the new one is checked."""
    connection = _owned(request, connection_id)
    info = _exchange(connection.environment, connection.exchange)
    form = CredentialsForm(request.POST or None, exchange=info)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                service.replace_credentials(connection=connection, credentials=form.credentials)
                _after_commit(tasks.check_connection, str(connection.id))
        except ConnectionProblem as problem:
            form.add_error(None, problem.message)
        else:
            return redirect("portfolio:connection-key", connection.id)
    context = {
        "info": info,
        "connection": connection,
        "addresses": outbound.addresses(connection.environment, now=timezone.now()),
    }
    return form_page(request, "portfolio/connections/replace.html", form, context)


# --- One connection ---------------------------------------------------------------------------


def _owned(request: Request, connection_id: UUID) -> Connection:
    return get_object_or_404(Connection.objects.of(request.user), pk=connection_id)


@login_required
@require_safe
def detail(request: Request, connection_id: UUID) -> HttpResponse:
    """Shows one connection whole; its live part asks for itself again."""
    return _shown(request, connection_id, "detail")


@login_required
@never_cache
@require_safe
def status(request: Request, connection_id: UUID) -> HttpResponse:
    """The live part of a connection's page."""
    return _shown(request, connection_id, "_status")


def _shown(request: Request, connection_id: UUID, template: str) -> HttpResponse:
    try:
        found = selector.detail(request.user, connection_id, now=timezone.now())
    except Connection.DoesNotExist:
        raise Http404 from None
    card = found.status.card
    pairs = progress.of_pairs(card.connection, card.last_run, now=timezone.now())
    context = {
        "detail": found,
        "seen": request.GET.get("seen", ""),
        "pairs": progress.in_words(pairs) if pairs else "",
    }
    return render(request, f"portfolio/connections/{template}.html", context)


@transaction.atomic
def _act(
    request: Request,
    connection_id: UUID,
    action: Callable[..., None],
    done: str,
    then: Task[Any, Any] | None = None,
) -> HttpResponse:
    connection = _owned(request, connection_id)
    try:
        action(connection=connection)
    except ConnectionProblem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, done)
        if then is not None:
            _after_commit(then, str(connection.id))
    return redirect("portfolio:connection-detail", connection.id)


@login_required
@require_POST
def pause(request: Request, connection_id: UUID) -> HttpResponse:
    """Stops the schedule."""
    return _act(request, connection_id, service.pause, _("Paused: nothing is fetched now."))


@login_required
@require_POST
def resume(request: Request, connection_id: UUID) -> HttpResponse:
    """Starts it again, with a fresh check of the key."""
    return _act(request, connection_id, service.resume, _("Resumed."), tasks.check_connection)


@login_required
@require_POST
def sync(request: Request, connection_id: UUID) -> HttpResponse:
    """Fetches what is new now."""
    done = _("Fetching what is new.")
    return _act(request, connection_id, service.request_sync, done, tasks.sync_connection)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def fetch_again(request: Request, connection_id: UUID) -> HttpResponse:
    """Asks which stretch of history is fetched once more, and sends the streams back."""
    connection = _owned(request, connection_id)
    asked = connection.streams.exclude(kind=RecordKind.IMPORT.value)
    kinds = sorted(set(asked.values_list("kind", flat=True)))
    initial = {name: request.GET[name] for name in ("kind", "since") if name in request.GET}
    form = FetchAgainForm(request.POST or None, kinds=kinds, initial=initial)
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["since"]
        since = datetime.combine(day, time(), UTC) if day else None
        try:
            with transaction.atomic():
                refetch.fetch_again(
                    connection=connection, kind=form.cleaned_data["kind"], since=since
                )
                _after_commit(tasks.sync_connection, str(connection.id))
        except ConnectionProblem as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, _("It is being fetched again."))
            return redirect("portfolio:connection-detail", connection.id)
    context = {"connection": connection}
    return form_page(request, "portfolio/connections/fetch_again.html", form, context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: Request, connection_id: UUID) -> HttpResponse:
    """Asks what happens to the history, then forgets the key."""
    connection = _owned(request, connection_id)
    form = RemoveForm(request.POST or None, initial={"history": RemoveForm.KEEP})
    if request.method == "POST" and form.is_valid():
        with_history = form.cleaned_data["history"] == RemoveForm.DELETE
        with transaction.atomic():
            service.remove(connection=connection, with_history=with_history)
            _after_commit(tasks.revalue, request.user.pk)
        messages.success(request, _("%(name)s was removed.") % {"name": connection})
        return redirect("portfolio:connection-list")
    context = {"form": form, "connection": connection}
    return render(request, "portfolio/connections/remove.html", context)
