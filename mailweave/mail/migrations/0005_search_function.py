"""Searching: the words of a query, and the index that knows where they are."""

from django.db import migrations

TERM = """
CREATE FUNCTION mail_term(term text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT CASE WHEN numnode(stems) = 0 OR stems = plain THEN stems ELSE stems || plain END
    FROM (SELECT pg_catalog.phraseto_tsquery('pg_catalog.english', term) AS stems,
                 pg_catalog.phraseto_tsquery('pg_catalog.simple', term) AS plain) q
);
COMMENT ON FUNCTION mail_term IS
    'A word or phrase as it stands in subjects and texts (stemmed) or among the people (plain). '
    'Empty for words too common to look for.';
"""

# PostgreSQL never combines two indexes that answer the same condition. So the text index knows the
# workspace by another name than the index by date, and the two together find the newest hits.
INDEX = """
DROP INDEX searchrow_words;
DO $$ BEGIN
    CREATE INDEX searchrow_words ON mail_searchrow USING gin ((workspace_id + 0), words);
EXCEPTION WHEN undefined_object THEN  -- without btree_gin
    CREATE INDEX searchrow_words ON mail_searchrow USING gin (words);
END $$;
"""

# Word lists are two to three kilobytes. Kept in the row they are read at a third of the cost, and
# take less room, than packed away elsewhere.
INLINE = "ALTER TABLE mail_searchrow SET (toast_tuple_target = 8160);"


class Migration(migrations.Migration):
    dependencies = [("mail", "0004_reading")]

    operations = [
        migrations.RunSQL(TERM, "DROP FUNCTION mail_term(text);"),
        migrations.RunSQL(INDEX, migrations.RunSQL.noop),
        migrations.RunSQL(INLINE, "ALTER TABLE mail_searchrow RESET (toast_tuple_target);"),
    ]
