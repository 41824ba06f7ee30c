"""Columns that are not written as they are stored: row numbers inside of texts, states of work.

In SQL: ``r`` is the stored row and ``o`` its owner's numbering, ``l.line`` the line that is read
back, and ``archived_<table>`` has the stored ``id`` of each row by its place ``n``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def sql(template: str, **names: str) -> str:
    """Puts names and expressions of our own into a statement; values are always parameters."""
    return template.format(**names)


@dataclass(frozen=True, slots=True)
class Rule:
    """How a column is written, and how it is read back, as SQL expressions."""

    write: str
    read: str


# Without its key a connection rests until a new one comes.
STATUS = Rule(
    "CASE WHEN r.kind = 'key' AND r.status IN ('pending', 'active', 'broken') THEN 'paused' "
    "ELSE r.status END",
    "l.line->>'status'",
)
RESTORED = "Restored from an archive: add a key to go on."
STATUS_REASON = Rule(
    "CASE WHEN r.status = 'refused' THEN r.status_reason ELSE '' END",
    "CASE WHEN l.line->>'kind' = 'key' AND l.line->>'status' = 'paused' THEN %(restored)s "
    "ELSE l.line->>'status_reason' END",
)
STREAM_STATE = Rule(
    "CASE WHEN r.state = 'running' THEN 'waiting' ELSE r.state END", "l.line->>'state'"
)
# Nobody goes on with a round elsewhere.
CLOSED = Rule("false", "false")


def _key_out(text: str) -> str:
    """Keys that name an edit or an entry by hand: by its place instead of its number."""
    return sql(
        "CASE WHEN {text} ~ '^edit:[0-9]{{1,18}}/' THEN coalesce((SELECT 'edit:@' || m.n || "
        "substring({text} from '/.*$') FROM archived_edits m WHERE m.id = {number}), {text}) "
        "WHEN {text} ~ '^manual:[0-9]{{1,18}}$' THEN coalesce((SELECT 'manual:@' || m.n "
        "FROM archived_manual_entries m WHERE m.id = {number}), {text}) ELSE {text} END",
        text=text,
        number=f"substring({text} from ':([0-9]+)')::bigint",
    )


def _key_in(text: str) -> str:
    return sql(
        "CASE WHEN {text} ~ '^edit:@[0-9]{{1,18}}/' THEN (SELECT 'edit:' || m.id || "
        "substring({text} from '/.*$') FROM archived_edits m WHERE m.n = {number}) "
        "WHEN {text} ~ '^manual:@[0-9]{{1,18}}$' THEN (SELECT 'manual:' || m.id "
        "FROM archived_manual_entries m WHERE m.n = {number}) ELSE {text} END",
        text=text,
        number=f"substring({text} from ':@([0-9]+)')::bigint",
    )


KEY = Rule(_key_out("r.key"), _key_in("(l.line->>'key')"))
SAME_AS = Rule(_key_out("r.same_as"), _key_in("(l.line->>'same_as')"))


def _edit_data(data: str, key: str, *, known: str, told: str) -> str:
    """``before`` names transactions, ``links`` transfers; what is gone is number 0."""
    return sql(
        """
        {data}
        || CASE WHEN jsonb_typeof({data}->'before') = 'array'
           THEN jsonb_build_object('before', (
                SELECT coalesce(jsonb_agg(
                    CASE WHEN jsonb_typeof(b.item) = 'object' AND b.item ? 'id'
                    THEN b.item || jsonb_build_object('id', coalesce(m.{told}, 0), 'key', {key})
                    ELSE b.item END ORDER BY b.i), '[]')
                FROM jsonb_array_elements({data}->'before') WITH ORDINALITY b(item, i)
                LEFT JOIN archived_transactions m ON m.{known} = (b.item->>'id')::bigint))
           ELSE '{{}}' END
        || CASE WHEN jsonb_typeof({data}->'links') = 'object'
           THEN jsonb_build_object('links', (
                SELECT coalesce(jsonb_object_agg(coalesce(m.{told}, 0)::text, b.at), '{{}}')
                FROM jsonb_each({data}->'links') b(id, at)
                LEFT JOIN archived_transfers m ON m.{known} = b.id::bigint))
           ELSE '{{}}' END
        """,
        data=data,
        key=key,
        known=known,
        told=told,
    )


EDIT_DATA = Rule(
    _edit_data("r.data", _key_out("(b.item->>'key')"), known="id", told="n"),
    _edit_data("(l.line->'data')", _key_in("(b.item->>'key')"), known="n", told="id"),
)

# Edits made at once are named by the first of them.
BATCH = Rule(
    """
    (SELECT min(m.n) FROM portfolio_edit e JOIN archived_edits m ON m.id = e.id
     WHERE e.batch = r.batch)
    """,
    """
    (SELECT md5('edits at once ' || m.id)::uuid FROM archived_edits m
     WHERE m.n = (l.line->>'batch')::bigint)
    """,
)

# The parts of a finding's subject that name rows, by cause and place among the colons.
SUBJECTS = {
    "duplicate": {1: "transactions", 2: "transactions"},
    "edited_record_changed": {1: "edits"},
    "one-sided": {1: "transactions"},
    "transfer": {1: "transactions", 2: "transactions"},
    "coverage_hole": {1: "connections"},
    "negative": {1: "connections"},
    "unreadable": {1: "connections"},
    "unclassified": {1: "connections"},
    "discrepancy": {1: "connections"},
    "connection": {2: "connections"},
    "source_conflict": {1: "witness_conflicts"},
}


def _part_out(table: str) -> str:
    """A part of a subject that is a row number, as the row's place."""
    number = "CASE WHEN p.part ~ '^[0-9]{1,18}$' THEN p.part::bigint END"
    told = "m.id::text = p.part" if table == "connections" else f"m.id = {number}"
    return sql("SELECT '@' || m.n FROM archived_{table} m WHERE {told}", table=table, told=told)


def _part_in(table: str) -> str:
    place = "CASE WHEN p.part ~ '^@[0-9]{1,18}$' THEN substr(p.part, 2)::bigint END"
    told = "SELECT m.id::text FROM archived_{table} m WHERE m.n = {place}"
    return sql(told, table=table, place=place)


def _subject(cause: str, subject: str, part: Callable[[str], str]) -> str:
    cases = " ".join(
        f"WHEN {cause} = '{known}' AND p.i = {place} THEN ({part(table)})"
        for known, places in SUBJECTS.items()
        for place, table in places.items()
    )
    return sql(
        "(SELECT string_agg(coalesce(CASE {cases} END, p.part), ':' ORDER BY p.i) "
        "FROM unnest(string_to_array({subject}, ':')) WITH ORDINALITY p(part, i))",
        cases=cases,
        subject=subject,
    )


SUBJECT = Rule(
    _subject("r.cause", "r.subject", _part_out),
    _subject("(l.line->>'cause')", "(l.line->>'subject')", _part_in),
)
# A row number that the next look puts there again.
FINDING_DATA = Rule("r.data - 'first'", "l.line->'data'")

QUERY = Rule(
    "coalesce((SELECT replace(r.query, m.id::text, '@' || m.n) FROM archived_connections m "
    "WHERE strpos(r.query, 'connection=' || m.id) > 0 LIMIT 1), r.query)",
    r"coalesce((SELECT replace(l.line->>'query', '@' || m.n, m.id::text) "
    r"FROM archived_connections m WHERE "
    r"substring(l.line->>'query' from 'connection=@([0-9]+)') = m.n::text), l.line->>'query')",
)


# --- Taxes ------------------------------------------------------------------------------------


def _picks(picks: str, *, known: str, told: str) -> str:
    """Chosen lots: ``{transaction: [[the lot's transaction, amount, ...], ...]}``."""
    return sql(
        """
        (SELECT coalesce(jsonb_object_agg(coalesce(m.{told}, 0)::text, (
            SELECT coalesce(jsonb_agg(
                jsonb_set(p.item, '{{0}}', to_jsonb(coalesce(x.{told}, 0))) ORDER BY p.i), '[]')
            FROM jsonb_array_elements(e.value) WITH ORDINALITY p(item, i)
            LEFT JOIN archived_transactions x ON x.{known} = (p.item->>0)::bigint)), '{{}}')
         FROM jsonb_each({picks}) e
         LEFT JOIN archived_transactions m ON m.{known} = e.key::bigint)
        """,
        picks=picks,
        known=known,
        told=told,
    )


def _tax_settings(settings: str, *, known: str, told: str) -> str:
    """What a report was made by; the lots that were chosen are in its profile."""
    picks = _picks(f"({settings}->'profile'->'picks')", known=known, told=told)
    return sql(
        "CASE WHEN jsonb_typeof({settings}->'profile'->'picks') = 'object' "
        "THEN jsonb_set({settings}, '{{profile,picks}}', {picks}) ELSE {settings} END",
        settings=settings,
        picks=picks,
    )


def _with_connections(text: str, *, known: str, told: str) -> str:
    """A text in which connections are named: by their places, or by their ids."""
    return sql(
        """
        (WITH RECURSIVE changed(n, told) AS (
            SELECT 0::bigint, {text}
            UNION ALL
            SELECT m.n, replace(changed.told, {known}, {new})
            FROM changed JOIN archived_connections m ON m.n = changed.n + 1
         ) SELECT told FROM changed ORDER BY n DESC LIMIT 1)
        """,
        text=text,
        known=known,
        new=told,
    )


def _named_by(settings: str, *, known: str, told: str) -> str:
    return _with_connections(f"({settings})::text", known=known, told=told) + "::jsonb"


_ID, _MARK = "m.id::text", "'@' || m.n || '@'"
PICKS = Rule(
    _picks("r.picks", known="id", told="n"),
    _picks("(l.line->'picks')", known="n", told="id"),
)
TAX_SETTINGS = Rule(
    _named_by(_tax_settings("r.settings", known="id", told="n"), known=_ID, told=_MARK),
    _named_by(_tax_settings("(l.line->'settings')", known="n", told="id"), known=_MARK, told=_ID),
)
TAX_CHOICES = Rule(
    _with_connections("r.choices::text", known=_ID, told=_MARK) + "::jsonb",
    _with_connections("(l.line->>'choices')", known=_MARK, told=_ID) + "::jsonb",
)
EVIDENCE = Rule(
    _with_connections("r.evidence::text", known=_ID, told=_MARK) + "::jsonb",
    _with_connections("(l.line->>'evidence')", known=_MARK, told=_ID) + "::jsonb",
)
ACCOUNT = Rule(
    "coalesce((SELECT '@' || m.n FROM archived_connections m WHERE m.id::text = r.account), "
    "r.account)",
    "coalesce((SELECT m.id::text FROM archived_connections m "
    "WHERE '@' || m.n = l.line->>'account'), l.line->>'account')",
)


BYTES = Rule("encode(r.data, 'base64')", "decode(l.line->>'data', 'base64')")


def transaction(column: str) -> Rule:
    """A transaction's number that no constraint holds: it may be gone since."""
    return Rule(
        sql(
            "(SELECT m.n FROM archived_transactions m WHERE m.id = r.{column})",
            column=column,
        ),
        sql(
            "(SELECT m.id FROM archived_transactions m WHERE m.n = (l.line->>'{column}')::bigint)",
            column=column,
        ),
    )
