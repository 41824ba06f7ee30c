"""What users decided on assets: which code stands for which, what is spam, how one is shown."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portfolio.engine.identities import Rule, RuleKind
from portfolio.models.fields import ExactDecimalField
from portfolio.models.owned import OwnedQuerySet

KIND_LABELS = {
    RuleKind.ALIAS: _("stands for"),
    RuleKind.SPAM: _("spam"),
    RuleKind.NAME: _("shown as"),
}


class AssetRuleQuerySet(OwnedQuerySet["AssetRule"]):
    def in_force(self) -> AssetRuleQuerySet:
        return self.filter(undone_at__isnull=True)


class AssetRule(models.Model):
    """One decision on the code of one source of prices, or of all; undone, it is kept.

    Postings and holdings keep the exchange's code: decisions are applied when they are read.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="asset_rules")
    kind = models.CharField(max_length=10, choices=[(k.value, v) for k, v in KIND_LABELS.items()])
    # As selectors.assets.source_name gives it; empty for every exchange.
    source = models.CharField(max_length=60, blank=True)
    code = models.CharField(max_length=40)
    # Of an alias: what the code stands for, and how many of it are in one of the code.
    asset = models.CharField(max_length=40, blank=True)
    factor = ExactDecimalField(default=Decimal(1))
    # Of a name: how the asset is shown.
    name = models.CharField(max_length=60, blank=True)
    made_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    # What held in its place before, and holds again when this is undone.
    replaces = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replaced_by")

    objects: ClassVar[AssetRuleQuerySet] = AssetRuleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "kind", "source", "code"],
                condition=Q(undone_at__isnull=True),
                name="asset_rule_one_in_force",
            ),
            models.CheckConstraint(condition=Q(factor__gt=0), name="asset_rule_factor"),
            models.CheckConstraint(
                condition=~Q(kind="alias") | ~Q(asset=""), name="asset_rule_alias_has_asset"
            ),
            models.CheckConstraint(
                condition=~Q(kind="name") | (~Q(name="") & Q(source="")),
                name="asset_rule_name_has_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.kind} {self.asset or self.name}".strip()

    @property
    def rule(self) -> Rule:
        """The decision as the engine takes it."""
        return Rule(RuleKind(self.kind), self.source, self.code, self.asset, self.factor, self.name)
