"""Indexes that answer a search among transactions: by any part of an id, and by amount."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

# The same expression as portfolio.models.ledger.SEARCHED.
SEARCHED = """
    CREATE INDEX transaction_searched ON portfolio_transaction USING gin (lower(
        key || ' ' || COALESCE(detail ->> 'txid', '') || ' ' || COALESCE(detail ->> 'order', '')
        || ' ' || COALESCE(detail ->> 'reference', '') || ' ' || COALESCE(detail ->> 'trade', '')
        || ' ' || COALESCE(detail ->> 'address', '')
    ) gin_trgm_ops)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0018_transfer_received_asset"),
    ]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(SEARCHED, "DROP INDEX transaction_searched"),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["owner", "amount"], name="posting_amount"),
        ),
    ]
