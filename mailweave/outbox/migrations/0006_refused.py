"""What a provider said when it would not send as an address."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0005_log")]

    operations = [
        migrations.AddField("identity", "refused", models.CharField(blank=True, max_length=500)),
        migrations.AddField("identity", "refused_at", models.DateTimeField(null=True)),
    ]
