from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0017_askings"),
    ]

    operations = [
        migrations.AddField(
            model_name="transferlink",
            name="received_asset",
            field=models.CharField(default="", max_length=40),
            preserve_default=False,
        ),
        migrations.RunSQL(
            "UPDATE portfolio_transferlink SET received_asset = asset", migrations.RunSQL.noop
        ),
        migrations.RemoveConstraint(
            model_name="transferlink", name="transfer_link_incoming_once"
        ),
        migrations.AddConstraint(
            model_name="transferlink",
            constraint=models.UniqueConstraint(
                condition=Q(status="accepted"),
                fields=("incoming", "received_asset"),
                name="transfer_link_incoming_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="transferlink",
            constraint=models.CheckConstraint(
                condition=~Q(received_asset=""), name="transfer_link_received_asset"
            ),
        ),
    ]
