"""How much colleagues see of one thread, where that is more or less than of its mailbox."""

from importlib import import_module

from django.db import migrations, models

OLD: str = import_module("mailweave.mail.migrations.0004_reading").LEVEL
BEFORE: str = import_module("mailweave.mail.migrations.0016_doors").SEARCH
CALL = ", mailboxes, levels)"
assert BEFORE.count(CALL) == 2  # noqa: S101 - the function it changes is there, word for word
UNREAD = "AND t.mailbox_id = ANY(scope) AND t.unread_count > 0"
assert BEFORE.count(UNREAD) == 1  # noqa: S101 - the same
SEARCH = BEFORE.replace(CALL, ", mailboxes, levels, c.sharing)").replace(
    UNREAD, f"{UNREAD} AND mail_level(t.mailbox_id, false, mailboxes, levels, t.sharing) = 4"
)
LEVEL = """
CREATE FUNCTION mail_level(
    mailbox bigint, linked boolean, mailboxes bigint[], levels integer[], sharing smallint
) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN levels[array_position(mailboxes, mailbox)] = 4 THEN 4
    WHEN levels[array_position(mailboxes, mailbox)] = 5
        THEN CASE WHEN coalesce(sharing, 3) >= 3 THEN 4 ELSE nullif(sharing, 0) END
    WHEN linked AND levels[array_position(mailboxes, mailbox)] IS NOT NULL
        THEN nullif(coalesce(sharing, levels[array_position(mailboxes, mailbox)]), 0)
    END;
COMMENT ON FUNCTION mail_level(bigint, boolean, bigint[], integer[], smallint) IS
    'At which level (4 own, 3 full, 2 subject, 1 people and dates) a copy in a mailbox is seen; '
    'null when it is not. Other people''s mailboxes show linked mail only, as far as its thread is '
    'shared (0 to 3), or else the mailbox (0: nothing). A shared mailbox about which others decide '
    '(5) is seen as one''s own, but for threads of which less is shared.';
"""
DROP = "DROP FUNCTION mail_level(bigint, boolean, bigint[], integer[]);"
DROP_NEW = "DROP FUNCTION mail_level(bigint, boolean, bigint[], integer[], smallint);"


class Migration(migrations.Migration):
    dependencies = [("mail", "0017_unmatched")]

    operations = [
        migrations.AddField("copy", "sharing", models.SmallIntegerField(null=True)),
        migrations.AddField("threadmailbox", "sharing", models.SmallIntegerField(null=True)),
        migrations.AddIndex(
            "copy",
            models.Index(
                condition=models.Q(sharing__isnull=False),
                fields=["workspace_id", "thread", "mailbox"],
                name="copy_sharing",
            ),
        ),
        migrations.AddIndex(
            "threadmailbox",
            models.Index(
                condition=models.Q(sharing__gt=0),
                fields=["workspace_id", "mailbox", "-last_at", "-thread"],
                name="tm_opened",
            ),
        ),
        migrations.RunSQL(LEVEL, DROP_NEW),
        migrations.RunSQL(
            "DROP FUNCTION mail_search;" + SEARCH, "DROP FUNCTION mail_search;" + BEFORE
        ),
        migrations.RunSQL(DROP, OLD),
    ]
