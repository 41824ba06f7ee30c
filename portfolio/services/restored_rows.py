"""Stores the rows of an archive, through tables of PostgreSQL's own rather than this process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db import connection as database

from accounts.models import User
from portfolio.engine.archive import ArchiveProblem
from portfolio.imports.archive import Archive
from portfolio.selectors import archive as selector
from portfolio.selectors.archive_rules import RESTORED, sql
from portfolio.selectors.archive_tables import BY_MODEL, OWNER, SHARED, TABLES, Table


def store(user: User, archive: Archive, *, with_prices: bool, tell: Callable[[int], None]) -> None:
    """Stores all rows as this user's, in the caller's database transaction.

    ``tell`` hears how many tables are stored. May raise ArchiveProblem, DatabaseError.
    """
    for table in TABLES:
        if table.is_named:
            _number(table, archive.manifest.rows(table.name))
    for done, table in enumerate(TABLES):
        tell(done)
        if table.scope != SHARED or with_prices:
            _load(archive, table)
            _require_lines(table)
            _insert(table, user)
            _run("DROP TABLE archived_lines")
    selector.drop_numbers(connections[DEFAULT_DB_ALIAS])


def _number(table: Table, rows: int) -> None:
    """Gives each row to come a number of its own, in the order of the archive."""
    name = f"archived_{table.name}"
    if isinstance(table.model._meta.pk, models.UUIDField):
        _run(f"CREATE TEMPORARY TABLE {name} (n bigint, id uuid) ON COMMIT DROP")
        # In order, so that rows that nothing else tells apart keep theirs.
        ids = sorted(str(uuid.uuid4()) for _each in range(rows))
        given = "INSERT INTO {name} SELECT n, id FROM UNNEST(%s::uuid[]) WITH ORDINALITY u(id, n)"
        _run(sql(given, name=name), [ids])
    else:
        _run(
            sql(
                "CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS "
                "SELECT n, nextval(pg_get_serial_sequence(%s, 'id')) AS id "
                "FROM generate_series(1, %s::bigint) n",
                name=name,
            ),
            [f'"{table.model._meta.db_table}"', rows],
        )
    _run(f"CREATE UNIQUE INDEX ON {name} (n)")
    _run(f"ANALYZE {name}")


def _load(archive: Archive, table: Table) -> None:
    """Brings the lines of a table to PostgreSQL, as they are."""
    _run("CREATE TEMPORARY TABLE archived_lines (n bigint, line jsonb) ON COMMIT DROP")
    with (
        database.wrap_database_errors,
        database.cursor() as cursor,
        cursor.copy("COPY archived_lines (n, line) FROM STDIN") as copy,
    ):
        for row in enumerate(archive.lines(table.name), 1):
            copy.write_row(row)
    _run("ANALYZE archived_lines")


def _require_lines(table: Table) -> None:
    """Each line has exactly the columns, of their kinds. May raise ArchiveProblem."""
    names = sorted(column.name for column in table.columns)
    wrong = [
        "jsonb_typeof(line) <> 'object'",
        '(SELECT array_agg(k ORDER BY k COLLATE "C") FROM jsonb_object_keys(line) k) '
        "IS DISTINCT FROM %(names)s::text[]",
    ]
    asked: dict[str, Any] = {"names": names}
    for column in table.columns:
        wrong += _wrong(table, column, asked)
    for condition in wrong:
        if _run(sql("SELECT 1 FROM archived_lines WHERE {wrong} LIMIT 1", wrong=condition), asked):
            raise unreadable(table.name)


def _wrong(table: Table, column: Any, asked: dict[str, Any]) -> Iterator[str]:
    """Conditions under which a value is not one of its column."""
    text = f"line->>'{column.name}'"
    if column.choices:
        blank = [""] if column.blank else []
        asked[column.name] = [value for value, _label in column.flatchoices] + blank
        yield f"NOT {text} = ANY(%({column.name})s)"
    if isinstance(column, models.DecimalField):
        # NaN and infinity are numbers to PostgreSQL.
        yield rf"{text} !~ '^-?[0-9]{{1,60}}(\.[0-9]{{1,60}})?$'"
    elif isinstance(column, models.DateTimeField):
        yield rf"{text} !~ '^[0-9]{{4}}(-[0-9]{{2}}){{2}}T[0-9:]{{8}}\.[0-9]{{6}}Z$'"
    elif isinstance(column, models.JSONField):
        kind = {list: "array", dict: "object"}.get(column.default, "")
        if kind:
            yield f"jsonb_typeof(line->'{column.name}') <> '{kind}'"
    elif isinstance(column, models.ForeignKey) and column.related_model is not User:
        known = BY_MODEL[column.related_model].name
        yield sql(
            "{text} IS NOT NULL AND NOT EXISTS "
            "(SELECT FROM archived_{known} m WHERE m.n = ({text})::bigint)",
            text=text,
            known=known,
        )


def _insert(table: Table, user: User) -> None:
    """Stores the lines that were loaded, in their order."""
    values = {f'"{column.column}"': _read(table, column) for column in table.columns}
    for name, left in table.left_out.items():
        column: Any = table.model._meta.get_field(name)
        values[f'"{column.column}"'] = left.value
    joined = ""
    if table.is_named:
        joined = f"JOIN archived_{table.name} s ON s.n = l.n"
        values['"id"'] = "s.id"
    if table.scope != SHARED and _has_owner(table):
        values['"owner_id"'] = "%(owner)s"
    taken = " ON CONFLICT DO NOTHING" if table.scope == SHARED else ""
    _run(
        sql(
            'INSERT INTO "{table}" ({columns}) SELECT {values} '
            "FROM archived_lines l {joined} ORDER BY l.n{taken}",
            table=table.model._meta.db_table,
            columns=", ".join(values),
            values=", ".join(values.values()),
            joined=joined,
            taken=taken,
        ),
        {"owner": user.pk, "restored": RESTORED},
    )


def _has_owner(table: Table) -> bool:
    return any(column.name == OWNER for column in table.model._meta.concrete_fields)


def _read(table: Table, column: Any) -> str:
    """A column's value from a line, as an expression."""
    if column.name in table.rules:
        return table.rules[column.name].read
    text = f"l.line->>'{column.name}'"
    if isinstance(column, models.ForeignKey):
        if column.related_model is User:
            return f"CASE WHEN ({text})::boolean THEN %(owner)s::integer END"
        known = BY_MODEL[column.related_model].name
        return sql(
            "(SELECT m.id FROM archived_{known} m WHERE m.n = ({text})::bigint)",
            known=known,
            text=text,
        )
    if isinstance(column, models.JSONField):
        return f"l.line->'{column.name}'"
    kind = column.db_type(database)
    return f"({text})::{kind}"


def unreadable(name: str) -> ArchiveProblem:
    """A line is not one that an archive has."""
    return ArchiveProblem("{table} has a line that cannot be read.", table=name)


def _run(told: str, asked: Any = None) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(told, asked)
        return cursor.fetchall() if cursor.description else []
