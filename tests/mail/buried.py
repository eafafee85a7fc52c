"""Very much mail that nobody sees, for searches to get past."""

from django.db import connection

from mailweave.kit import scope
from tests.makers_mail import Archive


def bury(archive: Archive, count: int, since: str, words: str = "quokka") -> None:
    """``count`` messages with these words (as a tsvector), one a second."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mail_message (workspace_id, thread_id, identity, message_id, in_reply_to,"
            " subject, sender_name, sent_at, direction, preview, size, attachment_count, automatic,"
            " truncated, linked, kept, parts_kept, stored_at)"
            " SELECT %s, %s, int8send(n), '', '', '', '', %s::timestamptz + n * interval '1 s',"
            " 'in', '', 1, 0, false, false, false, 'full', true, now()"
            " FROM generate_series(1, %s) n",
            [scope.current(), archive.thread(), since, count],
        )
        cursor.execute(
            "INSERT INTO mail_searchrow (workspace_id, message_id, sent_at, words)"
            " SELECT workspace_id, id, sent_at, %s::tsvector FROM mail_message WHERE sent_at > %s"
            " ON CONFLICT DO NOTHING",
            [words, since],
        )
