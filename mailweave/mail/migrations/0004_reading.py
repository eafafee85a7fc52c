"""What the database itself knows about reading: who sees what, and what words a message is."""

from django.db import migrations

LEVEL = """
CREATE FUNCTION mail_level(mailbox bigint, linked boolean, mailboxes bigint[], levels integer[])
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN linked OR levels[array_position(mailboxes, mailbox)] = 4
            THEN levels[array_position(mailboxes, mailbox)] END;
COMMENT ON FUNCTION mail_level IS
    'At which level (4 own, 3 full, 2 subject, 1 people and dates) a copy in a mailbox is seen; '
    'null when it is not. Other people''s mailboxes show linked mail only.';
"""

WORDS = """
CREATE FUNCTION mail_words(subject text, people text, body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN setweight(to_tsvector('pg_catalog.english', left(subject, 1000)), 'A')
    || setweight(to_tsvector('pg_catalog.simple', left(people, 4000)
                 || ' ' || translate(left(people, 4000), '@.+_-', '     ')), 'B')
    || to_tsvector('pg_catalog.english', left(body, 16384));
COMMENT ON FUNCTION mail_words IS
    'What a message is found by. Weight A is the subject, B the people, D the text: a viewer who '
    'may not read the text is answered from A and B only. Lengths are capped here.';
"""


class Migration(migrations.Migration):
    dependencies = [("mail", "0003_search")]

    operations = [
        migrations.RunSQL(LEVEL, "DROP FUNCTION mail_level(bigint, boolean, bigint[], integer[]);"),
        migrations.RunSQL(WORDS, "DROP FUNCTION mail_words(text, text, text);"),
    ]
