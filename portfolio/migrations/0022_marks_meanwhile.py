
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portfolio', '0021_moment_prices'),
    ]

    operations = [
        migrations.AddField(
            model_name='valuationstate',
            name='marked_from',
            field=models.DateField(null=True),
        ),
    ]
