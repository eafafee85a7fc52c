-- name: lock
SELECT pg_advisory_xact_lock(hashtextextended('mailweave.store', %(workspace)s));

-- name: table
CREATE TEMP TABLE IF NOT EXISTS arriving (
    message_id bigint, thread_id bigint, identity bytea, rfc_id text, in_reply_to text,
    subject text, sender_id bigint, sender_name text, sent_at timestamptz, direction text,
    preview text, size bigint, attachment_count int, automatic boolean, truncated boolean,
    body text, html_zstd bytea, headers_zstd bytea, indexed text, people_words text,
    person_ids bigint[], person_roles smallint[], person_names text[],
    part_ids text[], part_names text[], part_types text[], part_cids text[], part_sizes bigint[],
    part_inline boolean[], kept text, parts_kept boolean
) ON COMMIT DELETE ROWS;

-- name: clear
-- A second page in one transaction finds the first one's rows.
DELETE FROM arriving;

-- name: copy_in
COPY arriving FROM STDIN (FORMAT BINARY);

-- name: find_addresses
SELECT address, id FROM mail_address WHERE workspace_id = %(workspace)s AND address = ANY(%(addresses)s);

-- name: add_addresses
INSERT INTO mail_address (workspace_id, address, name)
SELECT %(workspace)s, g.address, g.name
FROM unnest(%(addresses)s::text[], %(names)s::text[]) AS g (address, name)
ON CONFLICT DO NOTHING
RETURNING address, id;

-- name: find_families
-- Of a family with very many, twenty: a program that repeats itself must not make a page slow.
SELECT m.identity, m.id, m.thread_id, m.direction, m.kept, m.parts_kept
FROM unnest(%(families)s::bytea[], %(identities)s::bytea[]) AS g (family, identity)
CROSS JOIN LATERAL (
    SELECT identity, id, thread_id, direction, kept, parts_kept FROM mail_message
    WHERE workspace_id = %(workspace)s
      AND identity BETWEEN g.family AND g.family || '\xffffffffffffffff'::bytea
    ORDER BY identity = g.identity DESC LIMIT 20
) m;

-- name: find_bodies
SELECT b.message_id, CASE m.kept WHEN 'full' THEN b.text ELSE m.preview END, b.html_zstd
FROM mail_body b
JOIN mail_message m ON m.workspace_id = b.workspace_id AND m.id = b.message_id
WHERE b.workspace_id = %(workspace)s AND b.message_id = ANY(%(messages)s::bigint[]);

-- name: find_remote_threads
SELECT remote_thread_id, thread_id FROM mail_remotethread
WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s
  AND remote_thread_id = ANY(%(remote_threads)s::text[]);

-- name: find_keys
-- Of an id that very many refer to, the first fifty.
SELECT g.key, k.thread_id
FROM unnest(%(keys)s::bigint[]) AS g (key)
CROSS JOIN LATERAL (
    SELECT thread_id FROM mail_threadkey
    WHERE workspace_id = %(workspace)s AND key = g.key ORDER BY thread_id LIMIT 50
) k;

-- name: find_people
SELECT m.thread_id, a.address, bool_or(m.sender_id = p.address_id)
FROM mail_message m
JOIN mail_participant p ON p.workspace_id = m.workspace_id AND p.message_id = m.id
JOIN mail_address a ON a.workspace_id = m.workspace_id AND a.id = p.address_id
WHERE m.workspace_id = %(workspace)s AND m.thread_id = ANY(%(threads)s::bigint[])
  AND p.address_id = ANY(%(addresses)s::bigint[])
GROUP BY m.thread_id, a.address;

-- name: find_own_ids
SELECT thread_id, bool_or(direction = 'out'), array_agg(message_id) FILTER (WHERE message_id <> '')
FROM mail_message
WHERE workspace_id = %(workspace)s AND thread_id = ANY(%(threads)s::bigint[])
GROUP BY thread_id;

-- name: new_ids
SELECT nextval('mail_message_id_seq') FROM generate_series(1, %(count)s);

-- name: new_threads
INSERT INTO mail_thread (workspace_id, subject, message_count)
SELECT %(workspace)s, '', 0 FROM generate_series(1, %(count)s)
RETURNING id;

-- name: add_messages
INSERT INTO mail_message (
    id, workspace_id, thread_id, identity, message_id, in_reply_to, subject, sender_id, sender_name,
    sent_at, direction, preview, size, attachment_count, automatic, truncated, kept, parts_kept, linked,
    stored_at)
SELECT message_id, %(workspace)s, thread_id, identity, rfc_id, in_reply_to, subject, sender_id,
    sender_name, sent_at, direction, preview, size, attachment_count, automatic, truncated, kept,
    parts_kept, false, now()
FROM arriving;

-- name: add_bodies
INSERT INTO mail_body (workspace_id, message_id, text, html_zstd, headers_zstd, shown_version)
SELECT %(workspace)s, message_id, body, html_zstd, headers_zstd, 0 FROM arriving;

-- name: add_people
INSERT INTO mail_participant (workspace_id, message_id, address_id, role, position, name, sent_at)
SELECT %(workspace)s, a.message_id, p.id, p.role, p.place, p.name, a.sent_at
FROM arriving a,
    unnest(a.person_ids, a.person_roles, a.person_names) WITH ORDINALITY AS p (id, role, name, place);

-- name: add_parts
INSERT INTO mail_part (
    workspace_id, message_id, part_id, filename, content_type, content_id, size, inline)
SELECT %(workspace)s, a.message_id, p.part_id, p.name, p.type, p.cid, p.size, p.inline
FROM arriving a,
    unnest(a.part_ids, a.part_names, a.part_types, a.part_cids, a.part_sizes, a.part_inline)
        AS p (part_id, name, type, cid, size, inline)
WHERE cardinality(a.part_ids) > 0;

-- name: add_words
INSERT INTO mail_searchrow (workspace_id, message_id, sent_at, words)
SELECT %(workspace)s, message_id, sent_at, mail_words(subject, people_words, indexed) FROM arriving;

-- name: fill_messages
UPDATE mail_message m SET preview = a.preview, kept = a.kept, parts_kept = a.parts_kept,
    attachment_count = a.attachment_count, truncated = a.truncated
FROM arriving a WHERE m.workspace_id = %(workspace)s AND m.id = a.message_id;

-- name: fill_bodies
UPDATE mail_body b SET text = a.body, html_zstd = a.html_zstd, shown = NULL, shown_version = 0
FROM arriving a WHERE b.workspace_id = %(workspace)s AND b.message_id = a.message_id;

-- name: fill_words
UPDATE mail_searchrow s SET words = mail_words(a.subject, a.people_words, a.indexed)
FROM arriving a WHERE s.workspace_id = %(workspace)s AND s.message_id = a.message_id;

-- name: drop_parts
DELETE FROM mail_part p USING arriving a
WHERE p.workspace_id = %(workspace)s AND p.message_id = a.message_id;

-- name: mark_sent
UPDATE mail_message SET direction = 'out'
WHERE workspace_id = %(workspace)s AND id = ANY(%(messages)s::bigint[]) AND direction = 'in';

-- name: add_copies
INSERT INTO mail_copy (
    workspace_id, mailbox_id, remote_id, remote_thread_id, state, reason, message_id, thread_id,
    folder_ids, seen, flagged, bcc, received_at, place, listing,
    attempts, named_at, sharing)
SELECT %(workspace)s, %(mailbox)s, c.remote_id, c.remote_thread_id, 'stored', '', c.message_id,
    c.thread_id, string_to_array(c.folder_ids, chr(31)), c.seen, c.flagged,
    string_to_array(c.bcc, chr(31)), c.received_at, 0, 0, 0, %(now)s, (
        -- What arrives in a thread is shared as what was said of the thread.
        SELECT k.sharing FROM mail_copy k
        WHERE k.workspace_id = %(workspace)s AND k.thread_id = c.thread_id
          AND k.mailbox_id = %(mailbox)s AND k.sharing IS NOT NULL LIMIT 1)
FROM unnest(
    %(remote_ids)s::text[], %(remote_threads)s::text[], %(messages)s::bigint[],
    %(threads)s::bigint[], %(folders)s::text[], %(seen)s::boolean[], %(flagged)s::boolean[],
    %(bccs)s::text[], %(received)s::timestamptz[])
    AS c (remote_id, remote_thread_id, message_id, thread_id, folder_ids, seen, flagged, bcc,
          received_at)
ON CONFLICT (workspace_id, mailbox_id, remote_id) DO UPDATE SET
    remote_thread_id = excluded.remote_thread_id, state = 'stored', reason = '',
    message_id = excluded.message_id, thread_id = excluded.thread_id,
    folder_ids = excluded.folder_ids, seen = excluded.seen, flagged = excluded.flagged,
    bcc = excluded.bcc, received_at = excluded.received_at, missing_since = NULL,
    traces = NULL, sharing = coalesce(mail_copy.sharing, excluded.sharing)
RETURNING place, message_id, (
    -- What the copy held before this statement: a provider may change a message under its id.
    SELECT ARRAY[held.message_id, held.thread_id] FROM mail_copy held
    WHERE held.workspace_id = mail_copy.workspace_id AND held.id = mail_copy.id);

-- name: add_remote_threads
INSERT INTO mail_remotethread (workspace_id, mailbox_id, remote_thread_id, thread_id)
SELECT %(workspace)s, %(mailbox)s, g.remote_thread_id, g.thread_id
FROM unnest(%(remote_threads)s::text[], %(threads)s::bigint[]) AS g (remote_thread_id, thread_id)
ON CONFLICT (workspace_id, mailbox_id, remote_thread_id) DO NOTHING;

-- name: add_keys
INSERT INTO mail_threadkey (workspace_id, key, thread_id)
SELECT %(workspace)s, g.key, g.thread_id
FROM unnest(%(keys)s::bigint[], %(threads)s::bigint[]) AS g (key, thread_id)
ON CONFLICT (workspace_id, key, thread_id) DO NOTHING;
