"""Reads a complete archive back into an account that is empty: all of it, or nothing.

The rows go through PostgreSQL, not through this process, and are written out again before they are
kept: what does not come out as it went in is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any
from zoneinfo import available_timezones

from django.db import DataError, IntegrityError, transaction
from django.db import connection as database
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine.archive import ArchiveProblem, Manifest
from portfolio.exchanges import catalogue
from portfolio.exports.archive import Counted
from portfolio.imports.archive import Archive
from portfolio.models import Connection, DataGrade, Import, Posting
from portfolio.selectors import archive as selector
from portfolio.selectors.archive_tables import OWNER, PRICES, TABLES
from portfolio.services import edit_annotations, holdings
from portfolio.services.restored_rows import store, unreadable

MOST_CONNECTIONS = 1000
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What an archive holds: counts by table, its connections by name, who wrote it."""

    manifest: Manifest
    connections: tuple[str, ...]
    currency: str
    time_zone: str

    @property
    def transactions(self) -> int:
        return self.manifest.rows("transactions")


def preview(file: IO[bytes]) -> Summary:
    """Checks all of an archive and tells what is in it; stores nothing. May raise ArchiveProblem.

    The whole file is read: a damaged one is known before anything is asked.
    """
    archive = Archive(file, selector.NAMES)
    archive.check()
    found = _settings(archive)
    connections = [_object(line, "connections") for line in _few(archive, "connections")]
    return Summary(
        archive.manifest,
        tuple(_title(each) for each in connections),
        found["reporting_currency"],
        found["time_zone"],
    )


def preview_for(user: User, file: IO[bytes]) -> Summary:
    """The same, where this user's account could take it now. May raise ArchiveProblem."""
    told = preview(file)
    with transaction.atomic():
        _lock_empty(user, Archive(file, selector.NAMES))
        transaction.set_rollback(True)
    return told


def _untold(done: int, total: int) -> None:
    """Tells nobody."""


def restore(
    user: User, file: IO[bytes], *, with_prices: bool = False, tell: Tell = _untold
) -> Summary:
    """Stores all of an archive as this user's. May raise ArchiveProblem; then nothing is stored.

    Prices are everybody's on an installation, so only its operator takes them from a file
    (``with_prices``), and only those that nobody told yet. ``tell`` hears of each step that is
    done, and how many there are.
    """
    told = preview(file)
    archive = Archive(file, selector.NAMES)
    try:
        with transaction.atomic():
            _lock_empty(user, archive)
            User.objects.filter(pk=user.pk).update(**_settings(archive))
            steps = 2 * len(selector.NAMES)
            store(user, archive, with_prices=with_prices, tell=lambda done: tell(done, steps))
            _require_known_exchanges(user)
            _rebuild_holdings(user)
            # A whole history has come: the next look for findings is as thorough as the first.
            DataGrade.objects.filter(owner=user).update(as_of=None)
            _require_same(user, archive, tell=lambda done: tell(len(selector.NAMES) + done, steps))
            audit.note(
                user=user,
                action=gettext_noop("archive restored"),
                connections=str(len(told.connections)),
                transactions=str(told.transactions),
            )
    except (DataError, IntegrityError) as error:
        # The first line names the column and what does not fit there, never a row of others.
        raise ArchiveProblem(
            "The archive does not fit: {why}.", why=str(error).splitlines()[0][:200]
        ) from error
    user.refresh_from_db()
    return told


# --- Whether it may be ------------------------------------------------------------------------


def _lock_empty(user: User, archive: Archive) -> None:
    """Nobody adds to the account meanwhile; it must have nothing yet. May raise ArchiveProblem."""
    User.objects.select_for_update().get(pk=user.pk)
    own = list(Connection.objects.of(user).order_by("created_at"))
    places = {_place(_object(line, "connections")) for line in _few(archive, "connections")}
    same = [str(each) for each in own if _place_of(each) in places]
    if same:
        raise ArchiveProblem(
            "These connections of the archive are here already: {names}. Restore it into another "
            "account, or remove them with their history first.",
            names=", ".join(same[:10]),
        )
    if own:
        raise ArchiveProblem(
            "An archive is restored into an empty account, and this one has connections: {names}. "
            "Make another account for it.",
            names=", ".join(str(each) for each in own[:10]),
        )
    _clear(user, archive)


# What a user has without any connection.
_BESIDE = (
    *("tags", "asset_rules", "own_prices", "dismissals", "saved_filters", "imports"),
    *("import_profiles", "export_symbols", "tax_profiles", "tax_reports"),
)


def _clear(user: User, archive: Archive) -> None:
    """Takes away what the archive brings again; what it does not is refused."""
    edit_annotations.drop_unused(user.pk)
    with selector.members(user) as members:
        for name, lines in members:
            gone = {_named(name, line) for line in lines} if name in _BESIDE else set()
            if gone and not gone.issubset(_named(name, line) for line in archive.lines(name)):
                raise ArchiveProblem(
                    "An archive is restored into an empty account, and this one has {table} that "
                    "the archive does not have. Make another account for it.",
                    table=name.replace("_", " "),
                )
    for table in TABLES:
        if table.scope == OWNER and table.model is not Import:
            table.model._default_manager.filter(owner=user).delete()
    Import.objects.of(user).exclude(finished_at=None).delete()


def _named(table: str, line: str) -> str:
    """What tells a row from others, where it may name what is gone since."""
    names = {"saved_filters": "name", "tax_profiles": "place", "tax_reports": "fingerprint"}
    return str(_object(line, table).get(names[table])) if table in names else line


def _place(line: dict[str, Any]) -> tuple[str, ...]:
    """What tells an account at an exchange; its name where the exchange does not tell."""
    family, environment, account = (
        str(line.get(name, "")) for name in ("account_family", "environment", "account_uid")
    )
    return (family, environment, account or f"named {line.get('label')}")


def _place_of(row: Connection) -> tuple[str, ...]:
    return _place(
        {
            "account_family": row.account_family,
            "environment": row.environment,
            "account_uid": row.account_uid,
            "label": row.label,
        }
    )


def _settings(archive: Archive) -> dict[str, str]:
    (line,) = _few(archive, selector.SETTINGS) or ("",)
    told = _object(line, selector.SETTINGS)
    currency, zone = (str(told.get(name, "")) for name in selector.SETTINGS_COLUMNS)
    if set(told) != set(selector.SETTINGS_COLUMNS) or zone not in available_timezones():
        raise unreadable(selector.SETTINGS)
    return {"reporting_currency": currency, "time_zone": zone}


def _few(archive: Archive, name: str) -> list[str]:
    """The lines of a small table. May raise ArchiveProblem where it is not small."""
    found = list(islice(archive.lines(name), MOST_CONNECTIONS + 1))
    if len(found) > MOST_CONNECTIONS:
        raise unreadable(name)
    return found


def _object(line: str, name: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise unreadable(name)
    return told


def _title(line: dict[str, Any]) -> str:
    return str(line.get("label") or line.get("exchange", ""))


def _require_known_exchanges(user: User) -> None:
    rows = Connection.objects.of(user).filter(kind=Connection.Kind.KEY)
    for exchange in rows.values_list("exchange", flat=True).distinct().order_by("exchange"):
        try:
            catalogue.get(exchange)
        except (LookupError, ValueError):
            raise ArchiveProblem(
                "This Coffer does not know the exchange {exchange}.", exchange=exchange
            ) from None


# --- What is made of it -----------------------------------------------------------------------


def _rebuild_holdings(user: User) -> None:
    """What is held, from the postings that count; the days are valued by whoever comes next."""
    with database.cursor() as cursor:
        cursor.execute(
            """
        UPDATE portfolio_holding held SET quantity = booked.quantity
        FROM (
            SELECT connection_id, wallet, asset, SUM(amount) AS quantity FROM portfolio_posting
            WHERE owner_id = %(owner)s AND counts GROUP BY 1, 2, 3
        ) booked
        WHERE held.connection_id = booked.connection_id AND held.wallet = booked.wallet
          AND held.asset = booked.asset
        """,
            {"owner": user.pk},
        )
    first = Posting.objects.filter(owner=user).order_by("occurred_at").first()
    if first is not None:
        holdings.mark_stale(user.pk, first.occurred_at.date())


def _require_same(user: User, archive: Archive, *, tell: Callable[[int], None]) -> None:
    """Writes what is stored as an archive again, and compares. May raise ArchiveProblem."""
    expected = {member.name: member for member in archive.manifest.members}
    with selector.members(user) as members:
        for done, (name, lines) in enumerate(members):
            tell(done)
            if name in PRICES:
                continue  # others may have told some before
            counted = Counted(name)
            for _piece in counted.pieces(lines):
                pass
            if counted.member != expected[name]:
                raise ArchiveProblem(
                    "{table} would not come out of this Coffer as it went in; nothing was stored.",
                    table=name,
                )
