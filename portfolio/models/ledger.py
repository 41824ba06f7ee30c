"""The ledger: raw records as received, the transactions they describe, their postings, holdings."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CharField, F, Func, Q, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.models.connection import Connection
from portfolio.models.edit import Edit
from portfolio.models.fields import ExactDecimalField
from portfolio.models.owned import OwnedQuerySet
from portfolio.models.sync import Stream

KIND_LABELS = {
    TransactionKind.TRADE: _("Trade"),
    TransactionKind.CONVERSION: _("Conversion"),
    TransactionKind.DEPOSIT: _("Deposit"),
    TransactionKind.WITHDRAWAL: _("Withdrawal"),
    TransactionKind.TRANSFER: _("Transfer"),
    TransactionKind.REWARD: _("Reward"),
    TransactionKind.INTEREST: _("Interest"),
    TransactionKind.AIRDROP: _("Airdrop"),
    TransactionKind.MINING: _("Mining"),
    TransactionKind.FORK: _("Fork"),
    TransactionKind.GIFT: _("Gift"),
    TransactionKind.PAYMENT: _("Payment for something"),
    TransactionKind.LOST: _("Lost or stolen"),
    TransactionKind.FEE: _("Fee"),
    TransactionKind.FUNDING: _("Funding payment"),
    TransactionKind.REALISED_PNL: _("Realised profit or loss"),
    TransactionKind.LIQUIDATION: _("Liquidation"),
    TransactionKind.ADJUSTMENT: _("Adjustment"),
    TransactionKind.OTHER: _("Other"),
    TransactionKind.UNCLASSIFIED: _("Unclassified"),
}


# Details that people look for. The migration "search" has an index on just this expression.
SEARCHED_DETAILS = ("txid", "order", "reference", "trade", "address")
SEARCHED = Func(
    F("key"),
    *(Coalesce(KT(f"detail__{name}"), Value("")) for name in SEARCHED_DETAILS),
    template="lower(%(expressions)s)",
    arg_joiner=" || ' ' || ",
    output_field=CharField(),
)


class TransactionQuerySet(OwnedQuerySet["Transaction"]):
    def current(self) -> TransactionQuerySet:
        """As the user's edits have it: what they replaced is left out."""
        return self.filter(is_replaced=False)


class Transaction(models.Model):
    """One economic event; several raw records may describe it."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="transactions")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="transactions")
    # The exchange's identity of the event, from the normaliser; edits keep it where they can.
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=[(k.value, v) for k, v in KIND_LABELS.items()])
    occurred_at = models.DateTimeField()
    detail = models.JSONField(default=dict)
    # True where an edit of the user's stands in its place: kept as told, shown with the edit.
    is_replaced = models.BooleanField(default=False, db_default=False)
    # The edit that made it; null as told by an exchange or entered by hand.
    edit = models.ForeignKey(Edit, models.CASCADE, null=True, db_index=False, related_name="made")

    objects: ClassVar[TransactionQuerySet] = TransactionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-occurred_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "key"],
                condition=Q(edit__isnull=True),
                name="transaction_unique_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["edit"], condition=Q(edit__isnull=False), name="transaction_made_by"
            ),
            models.Index(fields=["owner", "-occurred_at", "-id"], name="transaction_page"),
            models.Index(
                fields=["owner", "kind", "-occurred_at", "-id"], name="transaction_kind_page"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class RawRecord(models.Model):
    """The exchange's own JSON for one record, kept unchanged."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="raw_records")
    stream = models.ForeignKey(Stream, models.CASCADE, related_name="raw_records")
    external_id = models.CharField(max_length=200)
    occurred_at = models.DateTimeField()
    body = models.TextField()
    endpoint = models.CharField(max_length=120)
    fetched_at = models.DateTimeField()
    # Null where the record could not be read; then ``problem`` says why, and nothing is booked.
    transaction = models.ForeignKey(
        Transaction, models.SET_NULL, null=True, related_name="raw_records"
    )
    problem = models.TextField(blank=True)
    # Of a file's record: the key of the transaction that a stronger source tells of the same event.
    # Then this one books nothing and is its witness.
    same_as = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        ordering = ["occurred_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "external_id"], name="raw_record_unique"),
        ]
        indexes = [
            models.Index(fields=["connection", "occurred_at"], name="raw_record_time"),
            # Few or none: pages ask at every look, and must not walk the whole history for it.
            models.Index(
                fields=["connection", "id"], condition=~Q(problem=""), name="raw_record_unreadable"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class RawRevision(models.Model):
    """A former text of a raw record that the exchange changed later (a status, a txid)."""

    raw_record = models.ForeignKey(RawRecord, models.CASCADE, related_name="revisions")
    body = models.TextField()
    fetched_at = models.DateTimeField()
    replaced_at = models.DateTimeField()

    class Meta:
        ordering = ["replaced_at", "id"]

    def __str__(self) -> str:
        return f"{self.raw_record_id} until {self.replaced_at:%Y-%m-%d %H:%M}"


class PostingQuerySet(models.QuerySet["Posting"]):
    def counted(self) -> PostingQuerySet:
        """As the user's edits have it: what they replaced is left out."""
        return self.filter(counts=True)


class Posting(models.Model):
    """One signed amount of one asset in one wallet; in is positive, out is negative."""

    ROLE_LABELS = {PostingRole.PRINCIPAL: _("Amount"), PostingRole.FEE: _("Fee")}

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="postings")
    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="postings", db_index=False
    )
    transaction = models.ForeignKey(Transaction, models.CASCADE, related_name="postings")
    # Null where the user entered it: its evidence is the manual entry.
    raw_record = models.ForeignKey(RawRecord, models.CASCADE, null=True, related_name="postings")
    position = models.PositiveSmallIntegerField()
    wallet = models.CharField(max_length=40)
    asset = models.CharField(max_length=40)
    amount = ExactDecimalField()
    role = models.CharField(max_length=10, choices=[(k.value, v) for k, v in ROLE_LABELS.items()])
    occurred_at = models.DateTimeField()
    # False where an edit of the user's stands in its place: kept as told, left out of every sum.
    counts = models.BooleanField(default=True, db_default=True)
    # True where an edit made it, with the record that its amount comes from.
    is_edited = models.BooleanField(default=False, db_default=False)

    objects: ClassVar[PostingQuerySet] = PostingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["transaction_id", "role", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["raw_record", "position"],
                condition=Q(is_edited=False),
                name="posting_unique",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "occurred_at"], name="posting_day"),
            models.Index(fields=["owner", "asset", "-occurred_at"], name="posting_asset"),
            models.Index(fields=["owner", "amount"], name="posting_amount"),
            # A running balance walks one wallet and asset; it serves as the connection's index too.
            models.Index(
                fields=["connection", "wallet", "asset", "-occurred_at", "-id"],
                name="posting_place",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount:f} {self.asset} in {self.wallet}"


class Holding(models.Model):
    """Quantity of an asset per wallet by the ledger, beside what the exchange reports."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="holdings")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="holdings")
    wallet = models.CharField(max_length=40)
    asset = models.CharField(max_length=40)
    # The sum of the postings, kept in the database transaction that stores them.
    quantity = ExactDecimalField(default=0)
    # Null until the exchange has been asked; then what it said at connection.balances_at.
    reported = ExactDecimalField(null=True)  # type: ignore[misc]

    class Meta:
        ordering = ["asset", "connection_id", "wallet"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "wallet", "asset"], name="holding_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:f} {self.asset} in {self.wallet}"
