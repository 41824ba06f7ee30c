"""What of a user's goes into an archive: every table by name, and why others stay out.

All columns of a table are written but the few that are named here. Row numbers never are: a row is
named by its place in its table (from 1), so that it can be stored under any number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import models

from portfolio.models import (
    Asking,
    AssetRule,
    BalanceMark,
    BrokerForm,
    Checkpoint,
    Connection,
    Coverage,
    DailyPrice,
    Edit,
    EditPart,
    ExportSymbol,
    Finding,
    Holding,
    Import,
    ImportAccount,
    ImportedRecord,
    ImportFile,
    ImportLine,
    ImportProfile,
    ManualEntry,
    MomentPrice,
    Note,
    NoticeSettings,
    OwnPrice,
    Position,
    Posting,
    RawRecord,
    RawRevision,
    SavedFilter,
    Stream,
    SyncRun,
    Tag,
    Tagging,
    TaxDocument,
    TaxLine,
    TaxProfile,
    TaxReport,
    Transaction,
    TransferLink,
    WitnessConflict,
)
from portfolio.selectors import archive_rules as rules
from portfolio.selectors.archive_rules import Rule

OWNER = "owner"
SHARED = ""  # prices: they are everybody's


@dataclass(frozen=True, slots=True)
class Left:
    """Why a column stays out, and what is stored for it when the row is read back (SQL)."""

    why: str
    value: str = "NULL"


@dataclass(frozen=True, slots=True)
class Table:
    """One member of an archive.

    ``scope`` is the column that leads to the owner: the owner itself, or a row that is archived.
    """

    name: str
    model: type[models.Model]
    scope: str = OWNER
    left_out: Mapping[str, Left] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    where: str = ""
    order: str = "r.id"

    @property
    def columns(self) -> list[models.Field]:  # type: ignore[type-arg]
        """The columns that are written, in the order of the model."""
        return [
            column
            for column in self.model._meta.concrete_fields
            if not isinstance(column, models.AutoField)
            and column.name not in self.left_out
            and column.name != OWNER
        ]

    @property
    def is_named(self) -> bool:
        """Whether rows of other tables may name rows of this one."""
        return self.name in NAMED


_KEY_WORK = Left("of the key and the work under way")
_KEY_COUNT = Left("of the key and the work under way", "0")
_NO_TEXT = "''"

TABLES = (
    Table(
        "connections",
        Connection,
        left_out={
            "id": Left("a new one is given, so that two users may hold the same archive"),
            "sealed_credentials": Left("secrets never leave"),
            "sealed_candidate": Left("secrets never leave"),
            "credentials_saved_at": _KEY_WORK,
            "checked_at": _KEY_WORK,
            "check_at": _KEY_WORK,
            "next_sync_at": _KEY_WORK,
            "failures": _KEY_COUNT,
            "lease_holder": Left("of the key and the work under way", _NO_TEXT),
            "lease_until": _KEY_WORK,
        },
        rules={"status": rules.STATUS, "status_reason": rules.STATUS_REASON},
        order="r.created_at, r.account_family, r.account_uid, r.label, r.id",
    ),
    Table("streams", Stream, "connection", rules={"state": rules.STREAM_STATE}),
    Table("coverage", Coverage, "stream"),
    Table("askings", Asking, "stream", rules={"is_open": rules.CLOSED}),
    Table("sync_runs", SyncRun, "connection", where="r.finished_at IS NOT NULL"),
    Table("edits", Edit, rules={"data": rules.EDIT_DATA, "batch": rules.BATCH}),
    Table("transactions", Transaction, rules={"key": rules.KEY}),
    Table("raw_records", RawRecord, "stream", rules={"same_as": rules.SAME_AS}),
    Table("raw_revisions", RawRevision, "raw_record"),
    Table("postings", Posting),
    Table("edit_parts", EditPart, "edit"),
    Table("notes", Note, "transaction", order="o.n"),
    Table("tags", Tag),
    Table("taggings", Tagging, "tag"),
    Table("manual_entries", ManualEntry),
    Table("transfers", TransferLink),
    Table("asset_rules", AssetRule),
    Table("own_prices", OwnPrice),
    Table(
        "holdings",
        Holding,
        left_out={"quantity": Left("the sum of the postings; made of them again", "0")},
    ),
    Table("checkpoints", Checkpoint, "holding"),
    Table("balance_marks", BalanceMark, "holding", order="o.n"),
    Table("positions", Position),
    Table(
        "dismissals",
        Finding,
        left_out={
            **dict.fromkeys(("quantity", "value"), Left("looked for again")),
            "currency": Left("looked for again", _NO_TEXT),
            "url": Left("looked for again", _NO_TEXT),
            "seen_at": Left("looked for again", "now()"),
            **dict.fromkeys(("closed_at",), Left("only what is not closed is written")),
            "closed_by": Left("only what is not closed is written", _NO_TEXT),
        },
        rules={"subject": rules.SUBJECT, "data": rules.FINDING_DATA},
        where="r.closed_at IS NULL AND r.dismissed_at IS NOT NULL",
    ),
    Table(
        "imports",
        Import,
        left_out={
            "id": Left("a new one is given"),
            "holder": Left("of the work under way", _NO_TEXT),
            "last_id": Left("of the work under way", "0"),
        },
        where="r.finished_at IS NOT NULL",
        order="r.created_at, r.finished_at, r.id",
    ),
    Table(
        "import_files",
        ImportFile,
        "job",
        left_out={"upload": Left("the bytes go once they are read; the records stay")},
    ),
    Table("import_accounts", ImportAccount, "job"),
    Table("import_lines", ImportLine, "job"),
    Table("imported_records", ImportedRecord, "job"),
    Table("witness_conflicts", WitnessConflict, rules={"key": rules.KEY}),
    Table("import_profiles", ImportProfile),
    Table("export_symbols", ExportSymbol),
    Table("tax_profiles", TaxProfile, rules={"picks": rules.PICKS, "choices": rules.TAX_CHOICES}),
    Table(
        "tax_reports",
        TaxReport,
        rules={"settings": rules.TAX_SETTINGS, "evidence": rules.EVIDENCE},
        where="r.finished_at IS NOT NULL",
    ),
    Table(
        "tax_lines",
        TaxLine,
        "report",
        rules={
            "account": rules.ACCOUNT,
            "transaction": rules.transaction("transaction"),
            "lot_transaction": rules.transaction("lot_transaction"),
        },
    ),
    Table("broker_forms", BrokerForm),
    Table("tax_documents", TaxDocument, "report", rules={"data": rules.BYTES}),
    Table("saved_filters", SavedFilter, rules={"query": rules.QUERY}),
    Table("notice_settings", NoticeSettings, order="r.owner_id"),
    Table(
        "daily_prices",
        DailyPrice,
        SHARED,
        order='r.asset COLLATE "C", r.currency COLLATE "C", r."on", r.source COLLATE "C"',
    ),
    Table(
        "moment_prices",
        MomentPrice,
        SHARED,
        left_out={"is_told": Left("the days are computed anew in any case", "true")},
        order='r.asset COLLATE "C", r.currency COLLATE "C", r.at, r.source COLLATE "C", r.width',
    ),
)

NAMED = frozenset(
    {
        *("connections", "streams", "edits", "transactions", "raw_records", "tags"),
        *("manual_entries", "transfers", "asset_rules", "holdings"),
        *("imports", "import_files", "import_accounts", "tax_reports"),
        "witness_conflicts",
    }
)
BY_MODEL = {table.model: table for table in TABLES}
PRICES = tuple(table.name for table in TABLES if table.scope == SHARED)

# Tables that stay out, each with the reason.
LEFT_OUT = {
    "PermissionAudit": "what an exchange said of a key; keys stay where they are",
    "Notice": "news of keys and of this installation's work",
    "OutboundAddress": "of the installation, nobody's own",
    "Renormalisation": "work of this installation",
    "ImportUpload": "the bytes of files that are still being read",
    "Restoration": "archives that were brought; what came of one is in the ledger",
    "Export": "files can be made again",
    "ExportChunk": "files can be made again",
    "TaxShare": "whom the owner lets read; a copy must not open anew what was closed",
    "TaxShareYear": "as TaxShare",
    "TaxShareVisit": "as TaxShare",
    "TaxShareOpening": "as TaxShare",
    "DailyHolding": "made of the postings again",
    "DailyTotal": "made of the postings again",
    "DailySum": "made of the postings and prices again",
    "DailyValue": "made of the postings and prices again",
    "ValuationState": "how far the above is made",
    "DataGrade": "made of the findings again",
    "TaxInputs": "numbers of this installation; the reports themselves are in",
    "TaxChanges": "made when a report is made again here",
    "TaxLineChange": "made when a report is made again here",
    "LatestPrice": "asked for anew within minutes",
    "WhatIf": "of one moment and kept for a while; asked again of the ledger when it is wanted",
    "WhatIfLine": "as WhatIf",
    "LotOffer": "worked out of the ledger when it is asked for",
    "PriceSeries": "how far this installation has asked for prices",
}
