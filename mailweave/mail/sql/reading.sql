-- name: messages
-- Those of these messages that are visible, oldest first, each with the copy it is best seen
-- through.
SELECT m.id, see.level, m.direction, m.sender_name,
    (SELECT a.address FROM mail_address a
     WHERE a.workspace_id = %(workspace)s AND a.id = m.sender_id),
    m.sent_at,
    CASE WHEN see.level >= 2 THEN m.subject END,
    CASE WHEN see.level >= 3 THEN m.preview END,
    coalesce(see.seen, true), see.gone, coalesce(see.bcc, '{}'), m.truncated,
    m.kept, m.parts_kept, CASE WHEN see.level >= 3 THEN m.attachment_count ELSE 0 END,
    b.id, b.address, b.kind
FROM mail_message m
CROSS JOIN LATERAL (
    SELECT max(c.level) AS level,
        bool_and(c.seen OR c.state <> 'stored') FILTER (WHERE c.level = 4) AS seen,
        bool_and(c.state = 'gone') AS gone,
        max(c.bcc) FILTER (WHERE c.level = 4) AS bcc,
        (array_agg(c.mailbox_id ORDER BY c.level DESC, c.state DESC, c.mailbox_id))[1] AS mailbox_id
    FROM ({copies}) c
) see
JOIN mail_mailbox b ON b.workspace_id = %(workspace)s AND b.id = see.mailbox_id
WHERE m.workspace_id = %(workspace)s AND m.id = ANY(%(messages)s::bigint[])
ORDER BY m.sent_at, m.id;

-- name: people
SELECT p.message_id, p.role, p.name, a.address
FROM mail_participant p
JOIN mail_address a ON a.workspace_id = %(workspace)s AND a.id = p.address_id
WHERE p.workspace_id = %(workspace)s AND p.message_id = ANY(%(messages)s::bigint[])
ORDER BY p.message_id, p.role, p.position, p.id;

-- name: parts
SELECT p.message_id, p.id, p.filename, p.content_type, p.size, p.inline, p.content_id
FROM mail_part p
WHERE p.workspace_id = %(workspace)s AND p.message_id = ANY(%(messages)s::bigint[])
ORDER BY p.message_id, p.id;

-- name: body
-- The bulky parts of one message, for who may read it in full.
SELECT b.text, b.html_zstd
FROM mail_message m
JOIN mail_body b ON b.workspace_id = %(workspace)s AND b.message_id = m.id
WHERE m.workspace_id = %(workspace)s AND m.id = %(message)s
  AND EXISTS (SELECT 1 FROM ({copies}) c WHERE c.level >= 3);

-- name: headers
SELECT b.headers_zstd
FROM mail_message m
JOIN mail_body b ON b.workspace_id = %(workspace)s AND b.message_id = m.id
WHERE m.workspace_id = %(workspace)s AND m.id = %(message)s
  AND EXISTS (SELECT 1 FROM ({copies}) c WHERE c.level >= 3);

-- name: part
-- The copy an attachment can be fetched through, one's own first.
SELECT c.mailbox_id, c.remote_id, p.part_id, p.filename, p.content_type, p.size, p.content_id
FROM mail_part p
JOIN mail_message m ON m.workspace_id = %(workspace)s AND m.id = p.message_id
CROSS JOIN LATERAL ({copies}) c
WHERE p.workspace_id = %(workspace)s AND p.id = %(part)s AND c.level >= 3 AND c.state = 'stored'
ORDER BY c.level DESC, c.mailbox_id, c.remote_id
LIMIT 1;
