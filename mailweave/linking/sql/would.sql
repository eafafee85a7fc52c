-- What would be linked, and why: for a few whole threads at a time, in a table of its own. Arrival
-- writes the difference down; a dry run counts it.

-- name: tables
CREATE TEMP TABLE IF NOT EXISTS considered (
    message_id bigint, thread_id bigint, sent_at timestamptz, direction text, sender_id bigint,
    outside boolean, linked boolean, doors text
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS standing (
    id bigint, message_id bigint, thread_id bigint, kind text, record_id bigint, linked boolean,
    pinned boolean, reason text, address_id bigint, via_kind text, via_record_id bigint
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS involved (
    message_id bigint, address_id bigint, role int, position int
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS would (
    message_id bigint, thread_id bigint, kind text, record_id bigint, reason text,
    address_id bigint, via_kind text, via_record_id bigint,
    leads boolean, role int, position int, kind_place int, type_place int
) ON COMMIT DELETE ROWS;
DELETE FROM considered;
DELETE FROM standing;
DELETE FROM involved;
DELETE FROM would;

-- name: consider
-- The messages of the threads.
INSERT INTO considered
SELECT m.id, g.thread_id, m.sent_at, m.direction, m.sender_id, cardinality(%(own)s::text[]) = 0,
    m.linked, array_to_string(m.doors, ',')
FROM unnest(%(threads)s::bigint[]) AS g (thread_id)
CROSS JOIN LATERAL (
    SELECT id, sent_at, direction, sender_id, linked, doors FROM mail_message
    WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id OFFSET 0
) m;

-- name: stand
-- Their links as they are.
INSERT INTO standing
SELECT l.id, c.message_id, c.thread_id, l.kind, l.record_id, l.linked, l.pinned, l.reason,
    l.address_id, l.via_kind, l.via_record_id
FROM considered c
CROSS JOIN LATERAL (
    SELECT * FROM linking_link
    WHERE workspace_id = %(workspace)s AND message_id = c.message_id OFFSET 0
) l;

-- name: involve
-- Who took part, in a Bcc too (role 6), and whether somebody did who is no colleague. Each of the
-- addresses is looked at once, on however many of the messages it stands.
WITH named AS MATERIALIZED (
    SELECT c.message_id, p.address_id, p.role, p.position
    FROM considered c
    CROSS JOIN LATERAL (
        SELECT address_id, role, position FROM mail_participant
        WHERE workspace_id = %(workspace)s AND message_id = c.message_id OFFSET 0
    ) p
), people AS MATERIALIZED (
    SELECT d.address_id, a.address
    FROM (SELECT DISTINCT address_id FROM named) d
    CROSS JOIN LATERAL (
        SELECT address FROM mail_address
        WHERE workspace_id = %(workspace)s AND id = d.address_id LIMIT 1
    ) a
), strangers AS MATERIALIZED (
    SELECT address_id FROM people
    WHERE address <> ALL(%(own)s::text[])
      AND split_part(address, '@', -1) <> ALL(%(own_domains)s::text[])
), blind AS MATERIALIZED (
    SELECT c.message_id, b.address
    FROM considered c
    CROSS JOIN LATERAL (
        SELECT bcc FROM mail_copy
        WHERE workspace_id = %(workspace)s AND message_id = c.message_id AND bcc <> '{}' OFFSET 0
    ) h
    CROSS JOIN unnest(h.bcc) AS b (address)
), noted AS (
    INSERT INTO involved
    SELECT message_id, address_id, role, position FROM named
    UNION ALL
    SELECT b.message_id, a.id, 6, 0
    FROM blind b
    CROSS JOIN LATERAL (
        SELECT id FROM mail_address
        WHERE workspace_id = %(workspace)s AND address = b.address LIMIT 1
    ) a
)
UPDATE considered c SET outside = true
FROM (
    SELECT n.message_id FROM named n JOIN strangers s ON s.address_id = n.address_id
    WHERE n.role IN (1, 2, 4, 5)
    UNION
    SELECT message_id FROM blind
    WHERE address <> ALL(%(own)s::text[])
      AND split_part(address, '@', -1) <> ALL(%(own_domains)s::text[])
) o
WHERE c.message_id = o.message_id AND NOT c.outside;

-- name: by_hand
-- What a person linked stands, and conversations inherit from it; what a plug-in's rule filed stands
-- for its message only.
INSERT INTO would
SELECT message_id, thread_id, kind, record_id,
    CASE reason WHEN 'filed' THEN 'filed' ELSE 'manual' END, address_id, '', NULL,
    reason <> 'filed', 0, 0, 0, coalesce(array_position(%(order)s::text[], kind), 1000)
FROM standing WHERE pinned AND linked;

-- name: by_address
-- One row for each record, by the address that stands foremost. Where one record is taken and a
-- person has said which, nothing is matched.
WITH known AS MATERIALIZED (
    SELECT d.address_id, r.kind, r.record_id, r.address_kind
    FROM (SELECT DISTINCT address_id FROM involved) d
    CROSS JOIN LATERAL (
        SELECT kind, record_id, address_kind FROM linking_recordaddress
        WHERE workspace_id = %(workspace)s AND address_id = d.address_id
          AND address_kind = ANY(%(address_kinds)s::text[])
          AND (cardinality(%(types)s::text[]) = 0 OR kind = ANY(%(types)s::text[])) OFFSET 0
    ) r
)
INSERT INTO would
SELECT DISTINCT ON (c.message_id, r.kind, r.record_id)
    c.message_id, c.thread_id, r.kind, r.record_id,
    CASE WHEN f.role = 1 THEN 'sender' ELSE 'recipient' END, f.address_id, '', NULL::bigint,
    true, f.role, f.position,
    array_position('{primary,portal,additional}'::text[], r.address_kind::text),
    coalesce(array_position(%(order)s::text[], r.kind::text), 1000)
FROM known r
JOIN involved f ON f.address_id = r.address_id
JOIN considered c ON c.message_id = f.message_id
WHERE c.outside
  AND f.role = ANY(CASE c.direction WHEN 'in' THEN %(roles_in)s::int[] ELSE %(roles_out)s::int[] END)
  AND NOT EXISTS (
    SELECT 1 FROM standing l
    WHERE l.pinned AND l.message_id = c.message_id AND l.kind = r.kind
      AND l.record_id = r.record_id)
  AND NOT (%(takes_first)s AND EXISTS (
    SELECT 1 FROM would w WHERE w.message_id = c.message_id AND w.reason = 'manual'))
ORDER BY c.message_id, r.kind, r.record_id, f.role, f.position, f.address_id;

-- name: lead
-- Where one record is taken, a conversation has one as well, and only that is inherited: the one a
-- person chose, else the first of its earliest message that matches any.
WITH foremost AS (
    SELECT DISTINCT ON (w.thread_id) w.thread_id, w.kind, w.record_id
    FROM would w JOIN considered c ON c.message_id = w.message_id
    WHERE w.reason <> 'filed'
    ORDER BY w.thread_id, w.reason <> 'manual', c.sent_at, c.message_id,
        w.role, w.position, w.kind_place, w.type_place, w.kind, w.record_id
)
UPDATE would w SET leads = false FROM foremost f
WHERE f.thread_id = w.thread_id AND (f.kind, f.record_id) <> (w.kind, w.record_id);

-- name: by_thread
INSERT INTO would
SELECT n.message_id, n.thread_id, about.kind, about.record_id, 'thread', about.address_id, '', NULL,
    true, 0, 0, 0, 0
FROM (
    SELECT thread_id, kind, record_id, min(address_id) AS address_id,
        array_agg(message_id) AS message_ids
    FROM would WHERE leads GROUP BY thread_id, kind, record_id
) about
JOIN considered n ON n.thread_id = about.thread_id
WHERE n.outside AND n.message_id <> ALL(about.message_ids)
  AND (n.direction = 'out' AND NOT EXISTS (
    -- What we answer somebody who came in uninvited is no more about it than what they wrote.
    SELECT 1 FROM (
        SELECT address_id, role FROM mail_participant
        WHERE workspace_id = %(workspace)s AND message_id = n.message_id OFFSET 0
    ) t
    WHERE t.role IN (4, 5) AND EXISTS (
        SELECT 1 FROM (
            SELECT direction, sender_id FROM mail_message
            WHERE workspace_id = %(workspace)s AND thread_id = n.thread_id OFFSET 0
        ) f
        WHERE f.direction = 'in' AND f.sender_id = t.address_id
    ) AND NOT EXISTS (
        SELECT 1 FROM unnest(about.message_ids) AS o (id)
        CROSS JOIN LATERAL (
            SELECT 1 FROM mail_participant
            WHERE workspace_id = %(workspace)s AND message_id = o.id AND address_id = t.address_id
            LIMIT 1
        ) p)
  ) OR n.direction = 'in' AND EXISTS (
    SELECT 1 FROM unnest(about.message_ids) AS o (id)
    CROSS JOIN LATERAL (
        SELECT 1 FROM mail_participant
        WHERE workspace_id = %(workspace)s AND message_id = o.id AND address_id = n.sender_id
        LIMIT 1
    ) p))
  AND NOT EXISTS (
    SELECT 1 FROM standing l
    WHERE l.pinned AND l.message_id = n.message_id AND l.kind = about.kind
      AND l.record_id = about.record_id)
  AND NOT (%(takes_first)s AND EXISTS (
    SELECT 1 FROM would w WHERE w.message_id = n.message_id AND w.reason = 'manual'));

-- name: first
-- One record a message: the conversation's, then the sender's, then the recipients' in their order.
DELETE FROM would w USING (
    SELECT message_id, kind, record_id, row_number() OVER (
        PARTITION BY message_id ORDER BY leads DESC,
            role, position, kind_place, type_place, kind, record_id) AS place
    FROM would WHERE reason NOT IN ('manual', 'filed')
) ranked
WHERE ranked.place > 1 AND w.reason NOT IN ('manual', 'filed')
  AND w.message_id = ranked.message_id
  AND w.kind = ranked.kind AND w.record_id = ranked.record_id;

-- name: by_companion
-- What mail about these records is about as well: their company, and deals open when it was sent.
WITH companions AS MATERIALIZED (
    SELECT r.kind, r.record_id, k.to_kind, k.to_record_id, k.rule, k.since, k.until
    FROM (SELECT DISTINCT kind, record_id FROM would) r
    CROSS JOIN LATERAL (
        SELECT * FROM linking_companion
        WHERE workspace_id = %(workspace)s AND kind = r.kind AND record_id = r.record_id OFFSET 0
    ) k
)
INSERT INTO would
SELECT DISTINCT ON (d.message_id, d.to_kind, d.to_record_id)
    d.message_id, d.thread_id, d.to_kind, d.to_record_id, d.rule, NULL::bigint,
    d.kind, d.record_id, false, 0, 0, 0, 0
FROM (
    SELECT c.message_id, c.thread_id, k.*, row_number() OVER (
        PARTITION BY c.message_id, k.kind, k.record_id, k.rule
        ORDER BY k.since DESC NULLS LAST, k.to_record_id DESC) AS place
    FROM companions k
    JOIN would w ON w.kind = k.kind AND w.record_id = k.record_id
    JOIN considered c ON c.message_id = w.message_id
    WHERE (k.since IS NULL OR k.since <= c.sent_at) AND (k.until IS NULL OR c.sent_at < k.until)
) d
WHERE (d.rule = 'company' AND %(with_company)s
    OR d.rule = 'deal' AND (%(deal_mode)s = 'all' OR %(deal_mode)s = 'latest' AND d.place = 1))
  AND NOT EXISTS (
    SELECT 1 FROM would o
    WHERE o.message_id = d.message_id AND o.kind = d.to_kind AND o.record_id = d.to_record_id)
  AND NOT EXISTS (
    SELECT 1 FROM standing l
    WHERE l.pinned AND l.message_id = d.message_id AND l.kind = d.to_kind
      AND l.record_id = d.to_record_id)
ORDER BY d.message_id, d.to_kind, d.to_record_id, d.rule, d.kind, d.record_id;

-- name: as_linked
-- Instead of all this: what is linked already.
INSERT INTO would (message_id, thread_id, kind, record_id)
SELECT message_id, thread_id, kind, record_id FROM standing WHERE linked;
