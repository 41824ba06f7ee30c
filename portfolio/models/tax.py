"""How a person is taxed, and the reports of their years with the lines behind the figures."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portfolio.models.connection import Connection
from portfolio.models.fields import ExactDecimalField
from portfolio.models.owned import Work, WorkQuerySet


class TaxProfile(models.Model):
    """Where a person pays taxes, and what they chose where the law lets them."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="tax_profile"
    )
    place = models.CharField(max_length=20)  # see portfolio.engine.tax.places
    # Only where the place leaves them open; else empty.
    currency = models.CharField(max_length=10, blank=True)
    time_zone = models.CharField(max_length=60, blank=True)
    method = models.CharField(max_length=20)
    # The method by the first tax year it is used in, for the method "by_year".
    method_by_year = models.JSONField(default=dict)
    # The lots chosen for a disposal, by its transaction: see portfolio.engine.tax.choosing.
    picks = models.JSONField(default=dict)
    # What else a place lets one choose, by name.
    choices = models.JSONField(default=dict)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.place}, {self.method}"


class LotOffer(models.Model):
    """The lots that one disposal could be met by, as a worker found them at one time.

    waiting -> done, or failed; asked for again it waits anew.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="lot_offers")
    transaction = models.ForeignKey(
        "portfolio.Transaction", models.CASCADE, related_name="lot_offers"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    failure = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    found_at = models.DateTimeField(null=True)
    currency = models.CharField(max_length=10, blank=True)
    # By coin, as services.tax_choices tells them.
    offers = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transaction"], name="lot_offer_once"),
        ]

    def __str__(self) -> str:
        return f"lots for {self.transaction_id}"


class BrokerForm(models.Model):
    """What a broker told the tax office of one account's sales in a year, as its owner gave it."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="broker_forms")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="broker_forms")
    year = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100, blank=True)
    added_at = models.DateTimeField()
    # A row a sale: asset, day, proceeds, basis ("" where it was not told), box of Form 8949.
    sales = models.JSONField(default=list)

    class Meta:
        ordering = ["added_at", "id"]

    def __str__(self) -> str:
        return f"1099-DA {self.year}, {self.connection}"


class TaxReport(Work):
    """One tax year as it was computed at one time, by what is kept with it.

    waiting -> running -> done, or failed. Nothing of it changes later: made again it is another.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Being made")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    class Stage(models.TextChoices):
        READ = "read", _("Reading transactions")
        COMPUTE = "compute", _("Computing the methods")
        STORE = "store", _("Storing lines")
        DRAW = "draw", _("Drawing the PDF")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tax_reports")
    place = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField()  # the calendar year in which the tax year starts
    year_name = models.CharField(max_length=10)
    currency = models.CharField(max_length=10)
    environment = models.CharField(max_length=10, choices=Connection.Environment.choices)
    settings = models.JSONField(default=dict)  # as services.tax_settings tells them
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    failure = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    # Of the latest sign of life; one that nobody works on is begun anew.
    worked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(default=0)
    # What is being done of it, how much there is to do of that, and how much is done.
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.READ)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    # What it was made of and by: SHA-256 of transactions and settings, the engine's version; and
    # SHA-256 of the lines that came out.
    fingerprint = models.CharField(max_length=64, blank=True)
    engine = models.CharField(max_length=20, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    figures = models.JSONField(default=list)  # of place.Figure, in its order
    counts = models.JSONField(default=dict)  # lines by part
    # Sums of the lines that pages begin with, as services.tax_lines tells them.
    sums = models.JSONField(default=dict)
    # The same year by each method that the place allows, as services.tax_comparison tells it.
    comparison = models.JSONField(default=list)
    # How complete the ledger was when it was made, as selectors.tax_evidence tells it.
    evidence = models.JSONField(default=dict)
    # Kept as what was filed: it cannot be deleted while it is locked.
    locked_at = models.DateTimeField(null=True)

    objects: ClassVar[WorkQuerySet[TaxReport]] = WorkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [models.Index(fields=["owner", "-asked_at", "-id"], name="tax_report_page")]

    def __str__(self) -> str:
        return f"{self.place} {self.year_name}"

    @property
    def step(self) -> int:
        """The number of the stage, from 1."""
        return self.Stage.values.index(self.stage) + 1


class TaxLine(models.Model):
    """One line of a report. What a part has no use for is null or empty."""

    class Part(models.TextChoices):
        DISPOSAL = "disposal", _("Disposals")
        APART = "apart", _("Gifts and losses")
        INCOME = "income", _("Income")
        CONTRACT = "contract", _("Contracts")
        OPENING = "opening", _("Held at the beginning")
        GIVEN = "given", _("Lots given to accounts")
        CLOSING = "closing", _("Held at the end")
        ASSUMED = "assumed", _("Assumed")

    report = models.ForeignKey(TaxReport, models.CASCADE, related_name="lines", db_index=False)
    part = models.CharField(max_length=10, choices=Part.choices)
    position = models.PositiveIntegerField()
    at = models.DateTimeField(null=True)
    on = models.DateField(null=True)  # by the calendar of the place
    asset = models.CharField(max_length=40)
    account = models.CharField(max_length=40, blank=True)  # a connection's id
    amount = ExactDecimalField()
    # In the report's currency, exact; null where it is not known.
    proceeds = ExactDecimalField(null=True)  # type: ignore[misc]
    cost = ExactDecimalField(null=True)  # type: ignore[misc]
    value = ExactDecimalField(null=True)  # type: ignore[misc]
    denied = ExactDecimalField(null=True)  # type: ignore[misc]
    acquired_at = models.DateTimeField(null=True)
    acquired_on = models.DateField(null=True)
    term = models.CharField(max_length=5, blank=True)
    match = models.CharField(max_length=20, blank=True)
    subkind = models.CharField(max_length=20, blank=True)
    # The transactions of it and of its lot; they may be gone since.
    transaction = models.BigIntegerField(null=True)
    lot_transaction = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["report", "part", "position"]
        constraints = [
            models.UniqueConstraint(fields=["report", "part", "position"], name="tax_line_once"),
        ]
        indexes = [
            models.Index(
                "report",
                (models.F("cost") - models.F("value")).desc(),
                "position",
                condition=models.Q(part="closing", value__lt=models.F("cost")),
                name="tax_line_loss",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.position} of {self.report_id}"


class TaxDocument(models.Model):
    """A report drawn once, to be read and printed; the same report gives the same bytes."""

    report = models.OneToOneField(TaxReport, models.CASCADE, related_name="document")
    data = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"PDF of {self.report_id}"


class TaxInputs(models.Model):
    """What a report was made of, by transaction: to be held against that of another."""

    report = models.OneToOneField(TaxReport, models.CASCADE, related_name="inputs")
    data = models.BinaryField()  # as services.tax_inputs packs it

    def __str__(self) -> str:
        return f"inputs of {self.report_id}"


class TaxChanges(models.Model):
    """How a report that was made again differs from a former one of the same place and year."""

    report = models.OneToOneField(TaxReport, models.CASCADE, related_name="changes")
    # Null where the former one was deleted since.
    former = models.ForeignKey(TaxReport, models.SET_NULL, null=True, related_name="+")
    former_at = models.DateTimeField()  # when that was made
    was_locked = models.BooleanField()
    is_same = models.BooleanField()  # to the last digit
    told = models.JSONField(default=dict)  # as services.tax_changes tells it

    def __str__(self) -> str:
        return f"changes of {self.report_id}"


class TaxLineChange(models.Model):
    """A line that one of two reports has otherwise than the other, or has alone."""

    changes = models.ForeignKey(TaxChanges, models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    part = models.CharField(max_length=10, choices=TaxLine.Part.choices)
    # The positions of the line in the former report and in this one; null where it has none.
    was = models.PositiveIntegerField(null=True)
    now = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["changes", "position"]
        constraints = [
            models.UniqueConstraint(fields=["changes", "position"], name="tax_line_change_once"),
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.was} -> {self.now}"
