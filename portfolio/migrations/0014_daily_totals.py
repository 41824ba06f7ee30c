import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portfolio.models.fields


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("portfolio", "0013_renormalisation"),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyTotal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wallet", models.CharField(max_length=40)),
                ("asset", models.CharField(max_length=40)),
                ("on", models.DateField()),
                ("kind", models.CharField(max_length=12)),
                ("is_fee", models.BooleanField()),
                (
                    "came",
                    portfolio.models.fields.ExactDecimalField(decimal_places=50, max_digits=100),
                ),
                (
                    "went",
                    portfolio.models.fields.ExactDecimalField(decimal_places=50, max_digits=100),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="portfolio.connection"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["owner", "on"], name="daily_total_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "asset", "on", "connection", "wallet", "kind", "is_fee"),
                        name="daily_total_unique",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                fields=["connection", "wallet", "asset", "-occurred_at", "-id"],
                name="posting_place",
            ),
        ),
        migrations.AlterField(
            model_name="posting",
            name="connection",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="postings",
                to="portfolio.connection",
            ),
        ),
        # The totals of what is stored are made with the next daily values, from the first day on.
        migrations.RunSQL(
            "UPDATE portfolio_valuationstate SET computed_at = NULL", migrations.RunSQL.noop
        ),
    ]
