"""Links that let one address register where registration is by invitation.

An invitation is a signed address with a date, so nothing is stored; it is used up by the account
that it leads to.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.services.people import is_known

SALT = "accounts.invitation"
VALID_FOR = timedelta(days=7)


def make(email: str) -> str:
    """The path, with its query, where the owner of ``email`` can register.

    May raise ValidationError: a bad address, or one that has an account.
    """
    address = email.strip().lower()
    validate_email(address)
    if is_known(address):
        raise ValidationError(_("There is an account with this e-mail address already."))
    query = {"email": address, "invitation": signing.dumps(address, salt=SALT)}
    return f"{reverse('account_signup')}?{urlencode(query)}"


def read(token: str) -> str | None:
    """The invited address; None when the invitation is not ours, has expired or is used up."""
    try:
        address = str(signing.loads(token, salt=SALT, max_age=VALID_FOR))
    except signing.BadSignature:
        return None
    return None if is_known(address) else address
