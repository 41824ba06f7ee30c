"""Changes what a target calls an asset."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from accounts.models import User
from portfolio.models import ExportSymbol

# No target's symbol has a space, a quote, a separator or what begins a formula; identifiers such
# as ``eip155:1/erc20:0x...`` and ``ID:123`` are symbols too.
_SYMBOL = re.compile(r"[A-Za-z0-9$][A-Za-z0-9$._:/*-]{0,79}")


class SymbolProblem(Exception):
    """A symbol cannot be taken; ``message`` says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def choose(*, user: User, format_id: str, asset: str, symbol: str) -> ExportSymbol:
    """From now on the target's files call the asset so. May raise SymbolProblem."""
    asset, symbol = asset.strip(), symbol.strip()
    if not asset:
        raise SymbolProblem(_("Say which asset it is."))
    if not _SYMBOL.fullmatch(symbol):
        raise SymbolProblem(
            _("A symbol has letters, digits and . _ : / - * $ only, none of the signs but $ first.")
        )
    row, _made = ExportSymbol.objects.update_or_create(
        owner=user, format=format_id, asset=asset, defaults={"symbol": symbol}
    )
    return row


def forget(*, user: User, symbol_id: int) -> ExportSymbol:
    """The format's own word counts again; what was forgotten. May raise DoesNotExist."""
    row = ExportSymbol.objects.of(user).get(pk=symbol_id)
    ExportSymbol.objects.filter(pk=row.pk).delete()
    return row
