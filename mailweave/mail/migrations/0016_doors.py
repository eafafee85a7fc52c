"""Linked mail opens by doors: only to those who may see one of the records it is about."""

from importlib import import_module

import django.contrib.postgres.fields
from django.db import migrations, models

BEFORE: str = import_module("mailweave.mail.migrations.0007_search_in_stretches").SEARCH
DROP = "DROP FUNCTION mail_search;"


def _changed(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old  # noqa: S101 - the function it changes is there, word for word
        text = text.replace(old, new)
    return text


SEARCH = _changed(
    BEFORE,
    ("levels integer[], scope bigint[],", "levels integer[], opened text[], scope bigint[],"),
    ("m.linked, mailboxes", "m.linked AND (opened IS NULL OR m.doors && opened), mailboxes"),
    (
        "newer.linked, mailboxes",
        "newer.linked AND (opened IS NULL OR newer.doors && opened), mailboxes",
    ),
    ("o.linked, o.thread_id", "o.linked, o.doors, o.thread_id"),
    ("SELECT n.id, n.linked FROM", "SELECT n.id, n.linked, n.doors FROM"),
)


def doors() -> models.Field:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.TextField(), db_default=[], default=list, size=None
    )


class Migration(migrations.Migration):
    dependencies = [("mail", "0015_thin")]

    operations = [
        migrations.AddField(model_name="message", name="doors", field=doors()),
        migrations.AddField(model_name="threadmailbox", name="doors", field=doors()),
        migrations.RunSQL(DROP + SEARCH, DROP + BEFORE),
    ]
