-- name: words
CREATE SCHEMA IF NOT EXISTS bench;
CREATE OR REPLACE FUNCTION bench.syllables() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
    'babebibobucacecicocudadedidodufafefifofugagegigoguhahehihohujajejijojukakekikoku'
    'lalelilolumamemimomunaneninonupapepipopuqaqeqiqoqurarerirorusasesisosutatetitotu'
    'vavevivovuwawewiwowuxaxexixoxuzazezizozu');
-- A word for a rank: short ranks are the common ones. None is a stop word or changed by stemming.
CREATE OR REPLACE FUNCTION bench.word(rank integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    substr(bench.syllables(), 1 + 2 * (rank % 100), 2)
    || substr(bench.syllables(), 1 + 2 * (rank / 100 % 100), 2)
    || substr(bench.syllables(), 1 + 2 * (rank / 10000 * 37 % 100), 2) || 'n';
-- Running text: each word as often as its rank asks for (Zipf), without the most common thirty,
-- which in real text are stop words.
CREATE OR REPLACE FUNCTION bench.prose(length integer) RETURNS text
LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(bench.word(floor(30 * exp(random() * ln(1000)))::integer), ' ')
    FROM generate_series(1, length)
$$;

-- name: people
INSERT INTO mail_address (id, workspace_id, address, name)
SELECT %(base)s + n, %(workspace)s,
    'p' || n || '@' || bench.word(30 + n %% 3000) || '.example',
    initcap(bench.word(100 + n * 7 %% 20000)) || ' ' || initcap(bench.word(100 + n * 13 %% 25000))
FROM generate_series(1, %(people)s) n
UNION ALL
SELECT %(base)s + 900000 + n, %(workspace)s, address, initcap(split_part(address, '@', 1))
FROM unnest(%(box_addresses)s::text[]) WITH ORDINALITY b (address, n);

-- name: contacts
INSERT INTO crm_contact (id, workspace_id, name, title, phone, note, created_at, updated_at)
SELECT id, workspace_id, name, '', '', '', now(), now() FROM mail_address
WHERE workspace_id = %(workspace)s AND (id - %(base)s <= 20 OR id %% 5 < 2)
  AND id - %(base)s <= %(people)s;
INSERT INTO crm_contactaddress (workspace_id, contact_id, address, kind)
SELECT a.workspace_id, a.id, a.address, 'primary'
FROM mail_address a JOIN crm_contact c ON c.id = a.id WHERE a.workspace_id = %(workspace)s;
INSERT INTO linking_recordaddress (workspace_id, kind, record_id, address_id, address_kind)
SELECT workspace_id, 'crm.contact', id, id, 'primary' FROM crm_contact
WHERE workspace_id = %(workspace)s;

-- Threads: mostly short, one in four thousand with 300 messages; each mainly in one mailbox, with
-- one to three people from outside of whom some are in very many threads.
-- name: talks
CREATE TEMP TABLE talk AS
SELECT n, last_at, size, box1, nullif(box2, box1) AS box2, ext1, nullif(ext2, ext1) AS ext2,
    CASE WHEN ext3 NOT IN (ext1, coalesce(ext2, 0)) THEN ext3 END AS ext3, bench.prose(5) AS subject
FROM (
    SELECT n, %(now)s::timestamptz - random() * interval '1095 days' AS last_at,
        CASE WHEN n %% 4000 = 0 THEN 300 ELSE 1 + floor(-1.6 * ln(1 - random()))::integer END AS size,
        1 + floor(power(random(), 1.5) * %(boxes)s)::integer AS box1,
        CASE WHEN random() < 0.15 THEN 1 + floor(random() * %(boxes)s)::integer END AS box2,
        floor(exp(random() * ln(%(people)s)))::integer AS ext1,
        CASE WHEN random() < 0.6 THEN floor(exp(random() * ln(%(people)s)))::integer END AS ext2,
        CASE WHEN random() < 0.35 THEN floor(exp(random() * ln(%(people)s)))::integer END AS ext3
    FROM generate_series(1, %(threads)s) n
) t;
CREATE TEMP TABLE plan AS
SELECT row_number() OVER (ORDER BY sent_at DESC) + %(base)s AS id, p.*,
    EXISTS (SELECT 1 FROM crm_contact c
            WHERE c.id IN (%(base)s + ext1, %(base)s + ext2, %(base)s + ext3)) AS linked,
    CASE WHEN random() < 0.15 THEN 1 + floor(random() * 2)::integer ELSE 0 END AS files,
    row_number() OVER (ORDER BY sent_at DESC) < 0.02 * count(*) OVER () AND random() < 0.5
        OR random() < 0.01 AS unread
FROM (
    SELECT t.*, place, place %% 2 = 0 AS outbound,
        CASE WHEN place %% 4 = 3 THEN coalesce(ext2, ext1) ELSE ext1 END AS speaker,
        last_at - (size - place) * interval '20 hours' - random() * interval '15 hours' AS sent_at
    FROM talk t CROSS JOIN generate_series(1, size) place
) p;
CREATE TEMP TABLE draft AS
SELECT id, bench.prose(60 + floor(random() * 180)::integer) AS text FROM plan;
ANALYZE plan;
ANALYZE draft;

-- name: messages
INSERT INTO mail_thread (id, workspace_id, subject, first_at, last_at, message_count)
SELECT %(base)s + n, %(workspace)s, subject, last_at, last_at, size FROM talk;
INSERT INTO mail_message (
    id, workspace_id, thread_id, identity, message_id, in_reply_to, subject, sender_id, sender_name,
    sent_at, direction, preview, size, attachment_count, automatic, truncated, linked,
    doors, kept, parts_kept, stored_at)
SELECT p.id, %(workspace)s, %(base)s + p.n, decode(md5(p.id::text), 'hex'),
    '<' || p.id || '@bench.example>', '',
    CASE WHEN p.place > 1 THEN 'Re: ' ELSE '' END || p.subject, a.id, a.name, p.sent_at,
    CASE WHEN p.outbound THEN 'out' ELSE 'in' END, left(d.text, 180), 12000, p.files, false, false,
    p.linked, CASE WHEN p.linked THEN '{crm,crm:0}'::text[] ELSE '{}' END, 'full', true, now()
FROM plan p
JOIN draft d USING (id)
JOIN mail_address a ON a.id = %(base)s + CASE WHEN p.outbound THEN 900000 + p.box1 ELSE p.speaker END
ORDER BY p.id;
INSERT INTO mail_body (workspace_id, message_id, text, html_zstd, headers_zstd, shown_version)
SELECT %(workspace)s, p.id, d.text,
    CASE WHEN p.id %% 10 < 7 THEN (%(html)s::bytea[])[1 + p.id %% 64] END,
    (%(headers)s::bytea[])[1 + p.id %% 64], 0
FROM plan p JOIN draft d USING (id) ORDER BY p.id;
INSERT INTO mail_part (
    workspace_id, message_id, part_id, filename, content_type, content_id, size, inline)
SELECT %(workspace)s, id, file, bench.word(100 + file * 17) || '.pdf', 'application/pdf', '', 90000,
    false
FROM plan CROSS JOIN generate_series(1, files) file;
INSERT INTO mail_participant (workspace_id, message_id, address_id, role, position, name, sent_at)
SELECT %(workspace)s, p.id, a.id, r.role, r.position, a.name, p.sent_at
FROM plan p
CROSS JOIN LATERAL (VALUES
    (CASE WHEN outbound THEN 900000 + box1 ELSE speaker END, 1, 0),
    (CASE WHEN outbound THEN ext1 ELSE 900000 + box1 END, 4, 0),
    (CASE WHEN outbound OR speaker <> ext2 THEN ext2 WHEN speaker <> ext1 THEN ext1 END, 5, 0),
    (CASE WHEN outbound OR speaker <> ext3 THEN ext3 END, 5, 1),
    (900000 + box2, 5, 2)
) r (who, role, position)
JOIN mail_address a ON a.id = %(base)s + r.who
ORDER BY p.id;
INSERT INTO mail_copy (
    workspace_id, mailbox_id, remote_id, remote_thread_id, state, reason, message_id, thread_id,
    folder_ids, seen, flagged, bcc, received_at, place, attempts, listing)
SELECT %(workspace)s, (%(box_ids)s::bigint[])[b.box], 'm' || p.id, 't' || p.n, 'stored', '', p.id,
    %(base)s + p.n, '{INBOX}', NOT p.unread, false, '{}', p.sent_at, 0, 0, 0
FROM plan p CROSS JOIN LATERAL (VALUES (box1), (box2)) b (box)
WHERE b.box IS NOT NULL ORDER BY p.id;

-- name: search_rows
CREATE TEMP TABLE named AS
SELECT p.message_id AS id, string_agg(a.name || ' ' || a.address, ' ') AS people
FROM mail_participant p JOIN mail_address a ON a.id = p.address_id
WHERE p.workspace_id = %(workspace)s GROUP BY 1;
INSERT INTO mail_searchrow (workspace_id, message_id, sent_at, words)
SELECT %(workspace)s, p.id, p.sent_at, mail_words(p.subject, w.people, d.text)
FROM plan p JOIN draft d USING (id) JOIN named w USING (id) ORDER BY p.id;

-- name: links
-- Triggers are off, so that the moment by which lists are ordered is given here.
INSERT INTO linking_link (
    workspace_id, message_id, kind, record_id, linked, pinned, reason, address_id, sent_at)
SELECT %(workspace)s, p.message_id, r.kind, r.record_id, true, false,
    CASE WHEN p.role = 1 THEN 'sender' ELSE 'recipient' END, p.address_id, p.sent_at
FROM mail_participant p
JOIN linking_recordaddress r ON r.workspace_id = %(workspace)s AND r.address_id = p.address_id
WHERE p.workspace_id = %(workspace)s AND p.role IN (1, 4, 5);

-- What panels read, thread by thread.
-- name: thread_records
INSERT INTO linking_threadrecord (workspace_id, thread_id, kind, record_id, last_at, message_count)
SELECT %(workspace)s, g.thread_id, l.kind, l.record_id, max(m.sent_at), count(*)
FROM unnest(%(threads)s::bigint[]) AS g (thread_id)
CROSS JOIN LATERAL (
    SELECT id, sent_at FROM mail_message
    WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id OFFSET 0
) m
CROSS JOIN LATERAL (
    SELECT kind, record_id FROM linking_link
    WHERE workspace_id = %(workspace)s AND message_id = m.id AND linked OFFSET 0
) l
GROUP BY g.thread_id, l.kind, l.record_id;

-- name: indexes
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'public'::regnamespace AND (c.relname LIKE 'mail@_%%' ESCAPE '@'
        OR c.relname LIKE 'linking@_%%' ESCAPE '@')
  AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
  AND NOT i.indisunique;

-- name: counters
SELECT setval(pg_get_serial_sequence(t.table_name, 'id'), 900000000)
FROM information_schema.columns t
WHERE t.table_schema = 'public' AND t.column_name = 'id' AND t.is_identity = 'YES'
  AND t.table_name IN ('mail_message', 'mail_thread', 'mail_address', 'crm_contact');

-- name: sizes
SELECT c.relname::text, c.reltuples::bigint, pg_table_size(c.oid), pg_indexes_size(c.oid)
FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.reltuples > 1000
ORDER BY pg_total_relation_size(c.oid) DESC LIMIT 12;
