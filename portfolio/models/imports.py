"""Imports of files: drafts apart from the ledger, what was answered, and what they made."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portfolio.engine.types import TransactionKind
from portfolio.models.connection import Connection
from portfolio.models.ledger import RawRecord, Transaction
from portfolio.models.owned import OwnedQuerySet


class Import(models.Model):
    """One upload of one or more files, from the draft to the ledger and back."""

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        ASKED = "asked", _("Waits for your answers")
        READY = "ready", _("Ready to be confirmed")
        IMPORTING = "importing", _("Being imported")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Refused")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="imports")
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    created_at = models.DateTimeField()
    # Of the latest piece of work; one that nobody works on is taken up again.
    worked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # The worker that reads it now; what another has stored meanwhile is not mixed with its own.
    holder = models.CharField(max_length=40, blank=True)
    # Why it ended otherwise than it was meant to; empty where it did not.
    failure = models.TextField(blank=True)
    # Of the work under way: how far it is, and the last line or record that was dealt with.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    last_id = models.BigIntegerField(default=0)
    # What became of it: records that are new in the ledger, and that were there before.
    booked = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)

    objects: ClassVar[OwnedQuerySet[Import]] = OwnedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="import_page"),
            models.Index(fields=["state", "worked_at"], name="import_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.state}"

    @property
    def is_draft(self) -> bool:
        return self.state in (self.State.READING, self.State.ASKED, self.State.READY)

    @property
    def takes_answers(self) -> bool:
        """Whether its owner may still answer otherwise, as long as its files are kept."""
        return self.state in (self.State.ASKED, self.State.READY, self.State.FAILED)

    @property
    def is_working(self) -> bool:
        return self.state in (self.State.READING, self.State.IMPORTING, self.State.UNDOING)


class ImportUpload(models.Model):
    """The bytes of one file as they were brought, packed; gone once they are read for good."""

    job = models.ForeignKey(Import, models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    fingerprint = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class ImportFile(models.Model):
    """One table of an upload: its format, how it is read, and what is wrong with it."""

    job = models.ForeignKey(Import, models.CASCADE, related_name="files")
    upload = models.ForeignKey(ImportUpload, models.SET_NULL, null=True, related_name="tables")
    name = models.CharField(max_length=300)
    member = models.CharField(max_length=1000, blank=True)
    sheet = models.CharField(max_length=200, blank=True)
    format = models.CharField(max_length=60, blank=True)
    # The formats that may be meant; one is chosen by the owner.
    candidates = models.JSONField(default=list)
    # Line, delimiter and heading, as portfolio.imports.tables.Layout; empty where none was found.
    layout = models.JSONField(default=dict)
    # What the file says of how it is read, and what the owner says of the rest.
    facts = models.JSONField(default=dict)
    questions = models.JSONField(default=list)
    answers = models.JSONField(default=dict)
    settings = models.JSONField(default=dict)
    is_left_out = models.BooleanField(default=False)
    inspected_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    # Why the file as a whole is refused; else the lines that are, the first of them with reasons.
    refusal = models.TextField(blank=True)
    wrong = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_refused(self) -> bool:
        return bool(self.refusal) or self.wrong > 0


class ImportAccount(models.Model):
    """An account that files tell of, and the connection it goes into."""

    job = models.ForeignKey(Import, models.CASCADE, related_name="accounts")
    exchange = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=200, blank=True)
    entries = models.PositiveIntegerField(default=0)
    connection = models.ForeignKey(Connection, models.SET_NULL, null=True, related_name="+")
    # Where it is to be a new connection: whose it is, and what it is called.
    new_exchange = models.CharField(max_length=40, blank=True)
    new_label = models.CharField(max_length=80, blank=True)
    is_decided = models.BooleanField(default=False)
    is_made = models.BooleanField(default=False)  # the connection was made by this import
    is_compared = models.BooleanField(default=False)

    class Meta:
        ordering = ["exchange", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "exchange", "name"], name="import_account_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.exchange


class ImportLine(models.Model):
    """One entry of a file and what would become of it."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        KNOWN = "known", _("Known already")
        CONFLICT = "conflict", _("Contradicts the ledger")
        UNCLEAR = "unclear", _("Of an unknown kind")
        LEFT_OUT = "left_out", _("Left out")

    job = models.ForeignKey(Import, models.CASCADE, related_name="lines", db_index=False)
    file = models.ForeignKey(ImportFile, models.CASCADE, related_name="lines")
    account = models.ForeignKey(
        ImportAccount, models.CASCADE, null=True, related_name="lines", db_index=False
    )
    line = models.PositiveIntegerField()  # the first of its rows in the file
    row_count = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices)
    kind = models.CharField(max_length=12, blank=True)  # of transactions
    occurred_at = models.DateTimeField(null=True)
    # [wallet, asset, amount, role] of each movement, and in words what the state does not say.
    movements = models.JSONField(default=list)
    text = models.TextField(blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    transaction = models.ForeignKey(
        Transaction, models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["job", "state", "id"], name="import_line_page"),
            # Workers walk the lines of an import, or of an account, from where they were.
            models.Index(fields=["job", "id"], name="import_line_walk"),
            models.Index(fields=["account", "id"], name="import_line_of_account"),
            # PostgreSQL looks here whenever a transaction goes, whoever's it is.
            models.Index(
                fields=["transaction"],
                condition=models.Q(transaction__isnull=False),
                name="import_line_transaction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.state}"

    @property
    def is_unclassified(self) -> bool:
        return self.kind == TransactionKind.UNCLASSIFIED


class ImportedRecord(models.Model):
    """A raw record that a file told of; the last import that has it takes it along when undone."""

    job = models.ForeignKey(Import, models.CASCADE, related_name="records", db_index=False)
    raw_record = models.ForeignKey(RawRecord, models.CASCADE, related_name="imports")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "raw_record"], name="imported_record_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.raw_record_id} of {self.job_id}"


class ImportProfile(models.Model):
    """What the columns of a file mean that no format knows, as its owner said once."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="import_profiles"
    )
    name = models.CharField(max_length=80)
    heading = models.JSONField()
    # The heading without case and odd spaces: a file with the same one is read the same way.
    fingerprint = models.CharField(max_length=64)
    settings = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "fingerprint"], name="import_profile_unique_heading"
            ),
        ]

    def __str__(self) -> str:
        return self.name
