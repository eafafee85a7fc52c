"""The table of Django's database cache, which counts attempts to sign in. It holds nothing of tenants."""

from django.db import migrations

MAKE = """
CREATE TABLE people_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX people_cache_expires ON people_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0002_walls")]

    operations = [migrations.RunSQL(MAKE, "DROP TABLE people_cache;")]
