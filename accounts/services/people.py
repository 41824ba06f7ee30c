"""Making accounts other than by registration."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit


@transaction.atomic
def create(*, email: str, password: str) -> User:
    """Makes an account whose address counts as confirmed.

    May raise ValidationError: a bad or known address, a weak password.
    """
    address = email.strip().lower()
    validate_email(address)
    if is_known(address):
        raise ValidationError(_("There is an account with this e-mail address already."))
    validate_password(password, User(email=address))
    user = User.objects.create_user(address, password)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    audit.note(user=user, action=gettext_noop("account created by the operator"))
    return user


def is_known(address: str) -> bool:
    """Whether an account uses the address, to sign in or as a confirmed further one."""
    confirmed = EmailAddress.objects.filter(email__iexact=address, verified=True)
    return User.objects.filter(email__iexact=address).exists() or confirmed.exists()
