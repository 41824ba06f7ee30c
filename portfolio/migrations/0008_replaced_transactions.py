
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0007_reconciliation"),
    ]

    operations = [
        migrations.AddField(
            model_name="posting",
            name="counts",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="transaction",
            name="is_replaced",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
