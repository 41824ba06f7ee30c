"""Seals the secrets of second steps that were stored in clear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts.services import factors


def seal(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _change(apps, factors.sealed_data)


def unseal(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _change(apps, factors.opened_data)


def _change(apps: Apps, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    rows = apps.get_model("mfa", "Authenticator").objects.select_for_update()
    for row in rows.filter(type__in=["totp", "recovery_codes"]).iterator():
        row.data = change(row.data)
        row.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(seal, unseal)]
