-- name: shown
-- What was made of a message's HTML the last time, for who may read it in full.
SELECT b.shown, b.shown_version
FROM mail_message m
JOIN mail_body b ON b.workspace_id = %(workspace)s AND b.message_id = m.id
WHERE m.workspace_id = %(workspace)s AND m.id = %(message)s
  AND EXISTS (SELECT 1 FROM ({copies}) c WHERE c.level >= 3);
