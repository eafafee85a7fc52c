-- name: shown
-- What was made of the HTML of messages the last time, and the text of those without any, for who
-- may read them in full.
SELECT m.id, b.shown, b.shown_version, CASE WHEN b.html_zstd IS NULL THEN b.text END
FROM mail_message m
JOIN mail_body b ON b.workspace_id = %(workspace)s AND b.message_id = m.id
WHERE m.workspace_id = %(workspace)s AND m.id = ANY(%(messages)s::bigint[])
  AND EXISTS (SELECT 1 FROM ({copies}) c WHERE c.level >= 3);
