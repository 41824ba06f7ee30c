"""Who may see a page, and how lately they must have proved who they are."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from accounts.models import User

P = ParamSpec("P")

# Making a key at an exchange takes longer than the few minutes for which a password counts
# elsewhere; the page that asks for it was opened right after one was given.
SAVING_SECONDS = 1800
STAMP = "secrets_form_opened_at"


class Request(HttpRequest):
    """A request of a signed-in user."""

    user: User
    htmx: HtmxDetails


View = Callable[Concatenate[Request, P], HttpResponse]


def confirmed(view: View[P]) -> View[P]:
    """Asks for the password (or passkey) first, as other pages that change much do."""
    guarded = reauthentication_required(view)

    @functools.wraps(view)
    def wrapper(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        answer: HttpResponse = guarded(request, *args, **kwargs)
        return answer

    return wrapper


def recently_confirmed(view: View[P]) -> View[P]:
    """Asks for the password (or passkey) before a form that takes secrets is shown.

    What is posted too late is dropped: allauth would put a posted form aside in the session, in
    clear, to go on with it after the password; secrets must not lie there.
    """

    @functools.wraps(view)
    def stamped(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        request.session[STAMP] = int(time.time())
        return view(request, *args, **kwargs)

    guarded = reauthentication_required(stamped)

    @functools.wraps(view)
    def wrapper(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST":
            answer: HttpResponse = guarded(request, *args, **kwargs)
            return answer
        if request.session.get(STAMP, 0) < time.time() - SAVING_SECONDS:
            messages.warning(
                request,
                _("Nothing was saved: please confirm that it is you, then paste the key again."),
            )
            return redirect(request.get_full_path())
        return view(request, *args, **kwargs)

    return wrapper
