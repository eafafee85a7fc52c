-- name: measure_bodies
SELECT count(*), coalesce(sum(octet_length(b.text) + coalesce(octet_length(b.html_zstd), 0)
    + coalesce(octet_length(b.shown), 0)), 0)
FROM mail_message m
JOIN mail_body b ON b.workspace_id = m.workspace_id AND b.message_id = m.id
WHERE m.workspace_id = %(workspace)s AND m.kept = ANY(%(wider)s);

-- name: next_bodies
SELECT id FROM mail_message
WHERE workspace_id = %(workspace)s AND id > %(position)s AND kept = ANY(%(wider)s)
ORDER BY id LIMIT %(limit)s;

-- name: size_of_bodies
SELECT coalesce(sum(octet_length(text) + coalesce(octet_length(html_zstd), 0)
    + coalesce(octet_length(shown), 0)), 0)
FROM mail_body WHERE workspace_id = %(workspace)s AND message_id = ANY(%(messages)s::bigint[]);

-- name: narrow_bodies
UPDATE mail_body SET text = '', html_zstd = NULL, shown = NULL, shown_version = 0
WHERE workspace_id = %(workspace)s AND message_id = ANY(%(messages)s::bigint[]);

-- name: narrow_messages
UPDATE mail_message
SET preview = CASE %(kept)s WHEN 'snippet' THEN preview ELSE '' END, kept = %(kept)s
WHERE workspace_id = %(workspace)s AND id = ANY(%(messages)s::bigint[]);

-- name: narrow_words
-- As they would be of a message that came now.
UPDATE mail_searchrow s SET words = mail_words(m.subject, coalesce(p.words, ''), m.preview)
FROM mail_message m
LEFT JOIN LATERAL (
    SELECT string_agg(p.name || ' ' || a.address, ' ' ORDER BY p.position) AS words
    FROM (
        SELECT name, address_id, position FROM mail_participant
        WHERE workspace_id = %(workspace)s AND message_id = m.id ORDER BY position LIMIT 50
    ) p
    JOIN mail_address a ON a.workspace_id = %(workspace)s AND a.id = p.address_id
) p ON true
WHERE m.workspace_id = %(workspace)s AND m.id = ANY(%(messages)s::bigint[])
  AND s.workspace_id = %(workspace)s AND s.message_id = m.id;

-- name: count_parts
SELECT count(DISTINCT message_id) FROM mail_part WHERE workspace_id = %(workspace)s;

-- name: next_parts
SELECT DISTINCT message_id FROM mail_part
WHERE workspace_id = %(workspace)s AND message_id > %(position)s
ORDER BY message_id LIMIT %(limit)s;

-- name: drop_parts
DELETE FROM mail_part
WHERE workspace_id = %(workspace)s AND message_id = ANY(%(messages)s::bigint[]);

-- name: mark_parts
UPDATE mail_message SET parts_kept = false
WHERE workspace_id = %(workspace)s AND id = ANY(%(messages)s::bigint[]);
