"""One account behind several names of an exchange is connected once."""

from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.expressions import Case, Value, When

_BINANCE = ("binance", "binanceusdm", "binancecoinm")


def fill(apps, schema_editor):  # type: ignore[no-untyped-def]
    connections = apps.get_model("portfolio", "Connection").objects
    family = Case(When(exchange__in=_BINANCE, then=Value("binance")), default=F("exchange"))
    connections.update(account_family=family)


class Migration(migrations.Migration):
    dependencies = [("portfolio", "0004_notices")]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="account_family",
            field=models.CharField(default="", max_length=40),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="connection", name="connection_one_per_account"
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(
                condition=Q(("account_uid", ""), _negated=True)
                & Q(("status__in", ["removed", "refused"]), _negated=True),
                fields=("owner", "account_family", "environment", "account_uid"),
                name="connection_one_per_account",
            ),
        ),
    ]
