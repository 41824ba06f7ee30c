
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portfolio', '0022_marks_meanwhile'),
    ]

    operations = [
        migrations.AddField(
            model_name='momentprice',
            name='is_told',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name='momentprice',
            index=models.Index(condition=models.Q(('is_told', False), ('price__isnull', False)), fields=['at'], name='moment_price_untold'),
        ),
    ]
