"""Reads all that is a user's, row by row, in the one form that an archive has it in."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from itertools import zip_longest
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db import connection as database
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Min

from accounts.models import User
from portfolio.engine.pricing import CARRY, HUBS, REFERENCE
from portfolio.models import Connection, Posting
from portfolio.selectors import closes, own_prices
from portfolio.selectors.archive_rules import sql
from portfolio.selectors.archive_tables import BY_MODEL, OWNER, SHARED, TABLES, Table
from portfolio.selectors.assets import identities

CHUNK = 2000  # rows fetched at once
SETTINGS = "settings"
# Of the user's own row; who they are and how they sign in stays out.
SETTINGS_COLUMNS = ("reporting_currency", "time_zone")
NAMES = (SETTINGS, *(table.name for table in TABLES))

Lines = Generator[str]


@contextmanager
def members(user: User) -> Iterator[Iterator[tuple[str, Lines]]]:
    """Every table by name with its lines, as all of it is at one moment; to be read in order.

    Outside of a transaction it is read over a connection of its own, so that whoever takes the
    lines may store for good meanwhile.
    """
    with _reader() as reader:
        number_rows(reader, user.pk)
        with closing(_members(reader, user)) as found:
            yield found
        drop_numbers(reader)


@contextmanager
def _reader() -> Iterator[BaseDatabaseWrapper]:
    if database.in_atomic_block:
        yield connections[DEFAULT_DB_ALIAS]
        return
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        own.set_autocommit(False)
        _execute(own, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield own
        own.rollback()  # it only read
    finally:
        own.close()


def _members(reader: BaseDatabaseWrapper, user: User) -> Generator[tuple[str, Lines]]:
    asked = {"owner": user.pk} | _prices_of(user)
    statements = {SETTINGS: _SETTINGS} | {table.name: statement(table) for table in TABLES}
    for name, each in statements.items():
        with closing(_rows(reader, each, asked)) as rows:
            yield name, rows


_SETTINGS = sql(
    "SELECT (SELECT row_to_json(x) FROM (SELECT {columns}) x)::text "
    "FROM accounts_user WHERE id = %(owner)s",
    columns=", ".join(SETTINGS_COLUMNS),
)


def _rows(reader: BaseDatabaseWrapper, statement_: str, asked: dict[str, Any]) -> Lines:
    """Lines through a cursor on the server: the client holds one chunk."""
    with reader.chunked_cursor() as cursor:
        cursor.execute(statement_, asked)
        while rows := cursor.fetchmany(CHUNK):
            for (line,) in rows:
                yield line


# --- Rows by their place ----------------------------------------------------------------------


def number_rows(reader: BaseDatabaseWrapper, owner_id: int) -> None:
    """Gives each row that others may name its place, in the order in which rows are written."""
    for table in TABLES:
        if table.is_named:
            _execute(
                reader,
                sql(
                    "CREATE TEMPORARY TABLE archived_{name} ON COMMIT DROP AS "
                    "SELECT r.id, row_number() OVER (ORDER BY {order}) AS n FROM {rows}",
                    name=table.name,
                    order=table.order,
                    rows=_from(table),
                ),
                {"owner": owner_id},
            )
            _execute(reader, f"CREATE UNIQUE INDEX ON archived_{table.name} (id)")
            _execute(reader, f"ANALYZE archived_{table.name}")


def drop_numbers(reader: BaseDatabaseWrapper) -> None:
    """Drops what ``number_rows`` made."""
    names = ", ".join(f"archived_{table.name}" for table in TABLES if table.is_named)
    _execute(reader, f"DROP TABLE {names}")


def _from(table: Table) -> str:
    """The rows of one owner, as the rest of a statement behind FROM."""
    name = f'"{table.model._meta.db_table}" r'
    if table.scope == SHARED:
        return f"{name} WHERE {_PRICES[table.name]}"
    where = f" AND {table.where}" if table.where else ""
    if table.scope == OWNER:
        return f"{name} WHERE r.owner_id = %(owner)s{where}"
    parent, column = _parent(table)
    return f"{name} JOIN archived_{parent} o ON o.id = r.{column} WHERE true{where}"


def _parent(table: Table) -> tuple[str, str]:
    column: Any = table.model._meta.get_field(table.scope)
    return BY_MODEL[column.related_model].name, column.column


# --- One row as a line ------------------------------------------------------------------------


def statement(table: Table) -> str:
    """Reads a table as lines of JSON, in order."""
    told = ", ".join(f'{_written(table, each)} AS "{each.name}"' for each in table.columns)
    return sql(
        "SELECT (SELECT row_to_json(x) FROM (SELECT {told}) x)::text FROM {rows} ORDER BY {order}",
        told=told,
        rows=_from(table),
        order=table.order,
    )


def _written(table: Table, column: Any) -> str:
    """A column as it is written: amounts and times as text, rows by their place."""
    if column.name in table.rules:
        return table.rules[column.name].write
    name = f'r."{column.column}"'
    if isinstance(column, models.ForeignKey):
        if column.related_model is User:
            return f"({name} IS NOT NULL)"  # whoever else it was has no account elsewhere
        known = BY_MODEL[column.related_model].name
        return sql("(SELECT m.n FROM archived_{known} m WHERE m.id = {x})", known=known, x=name)
    if isinstance(column, models.DecimalField):
        return f"{name}::text"
    if isinstance(column, models.DateTimeField):
        return f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    if isinstance(column, models.DateField):
        return f"to_char({name}, 'YYYY-MM-DD')"
    return name


# --- Prices -----------------------------------------------------------------------------------

_OF_ENVIRONMENT = """
    (r.source = %(reference)s OR (%(is_live)s AND strpos(r.source, ':') = 0)
     OR split_part(r.source, ':', 2) = ANY(%(environments)s))
    AND r.asset = ANY(%(codes)s) AND r.currency = ANY(%(codes)s)
"""
_PRICES = {
    "daily_prices": f'{_OF_ENVIRONMENT} AND r."on" >= %(first)s::date',
    "moment_prices": f"{_OF_ENVIRONMENT} AND r.at >= %(first)s::date AND r.price IS NOT NULL",
}


def _prices_of(user: User) -> dict[str, Any]:
    """Which stored prices the worth of what this user holds and held may come from."""
    known = identities(user)
    held = closes.held(user.pk, known)
    wanted = {asset for place in held for asset in place.assets.values()}
    wanted |= {*HUBS, user.reporting_currency, *own_prices.of_owner(user.pk).currencies}
    environments = {place.environment for place in held}
    return {
        "codes": sorted(known.codes(wanted)),
        "first": _first_day(user),
        "reference": REFERENCE,
        "is_live": Connection.Environment.LIVE in environments,
        "environments": sorted(environments - {Connection.Environment.LIVE}),
    }


def _first_day(user: User) -> date:
    """The first day whose prices can matter; the last of all where nothing is booked."""
    first = Posting.objects.filter(owner=user).aggregate(at=Min("occurred_at"))["at"]
    return date.max if first is None else first.date() - CARRY - timedelta(days=1)


def _execute(reader: BaseDatabaseWrapper, told: str, asked: dict[str, Any] | None = None) -> None:
    with reader.cursor() as cursor:
        cursor.execute(told, asked)


# --- Two of them ------------------------------------------------------------------------------


def first_difference(one: Iterator[str], other: Iterator[str]) -> tuple[int, str, str] | None:
    """Where two tables differ first: the line's number and both lines, "" for none."""
    for number, (a, b) in enumerate(zip_longest(one, other, fillvalue=""), 1):
        if a != b:
            return number, a, b
    return None


def lines(user: User) -> dict[str, list[str]]:
    """All of it at once; for histories that fit into memory."""
    with members(user) as found:
        return {name: list(rows) for name, rows in found}
