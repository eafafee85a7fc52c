-- Mail about no record. Every query that shows some asks mail.visibility for the copies once more:
-- the rows of linking_unlinked only say where to look.

-- name: derive
-- The rows of these threads. The person is the first who is no colleague: of who wrote, of who else
-- got it; where colleagues' mail is not hidden, whoever it is with.
WITH letters AS MATERIALIZED (
    SELECT m.id, m.sent_at, m.direction, m.sender_id, m.linked
    FROM unnest(%(threads)s::bigint[]) AS g (thread_id)
    CROSS JOIN LATERAL (
        SELECT id, sent_at, direction, sender_id, linked FROM mail_message
        WHERE workspace_id = %(workspace)s AND thread_id = g.thread_id OFFSET 0
    ) m
), wanted AS MATERIALIZED (
    SELECT c.mailbox_id, m.id AS message_id, m.sent_at, who.person_id,
        EXISTS (
            SELECT 1 FROM linking_dismissal d
            WHERE d.workspace_id = %(workspace)s AND d.mailbox_id = c.mailbox_id
              AND d.person_id = who.person_id AND (d.message_id IS NULL OR d.message_id = m.id)
        ) AS dismissed
    FROM letters m
    CROSS JOIN LATERAL (
        SELECT mailbox_id, min(bcc) AS bcc FROM mail_copy
        WHERE workspace_id = %(workspace)s AND message_id = m.id AND state IN ('stored', 'gone')
        GROUP BY mailbox_id
    ) c
    CROSS JOIN LATERAL (
        SELECT coalesce((
            SELECT p.address_id FROM (
                SELECT address_id, role, position FROM mail_participant
                WHERE workspace_id = %(workspace)s AND message_id = m.id
                  AND role = ANY(CASE m.direction WHEN 'out' THEN '{4,5}' ELSE '{1,2,4,5}' END::smallint[])
                OFFSET 0
            ) p
            CROSS JOIN LATERAL (
                SELECT address FROM mail_address
                WHERE workspace_id = %(workspace)s AND id = p.address_id LIMIT 1
            ) a
            WHERE a.address <> ALL(%(own)s::text[])
              AND split_part(a.address, '@', -1) <> ALL(%(own_domains)s::text[])
            ORDER BY p.role = 2, p.role, p.position LIMIT 1
        ), (
            SELECT a.id FROM unnest(c.bcc) WITH ORDINALITY AS b (address, position)
            CROSS JOIN LATERAL (
                SELECT id FROM mail_address
                WHERE workspace_id = %(workspace)s AND address = b.address LIMIT 1
            ) a
            WHERE m.direction = 'out' AND b.address <> ALL(%(own)s::text[])
              AND split_part(b.address, '@', -1) <> ALL(%(own_domains)s::text[])
            ORDER BY b.position LIMIT 1
        ), (
            SELECT p.address_id FROM mail_participant p
            WHERE p.workspace_id = %(workspace)s AND p.message_id = m.id
              AND (m.direction = 'in' OR p.role IN (4, 5)) AND EXISTS (
                SELECT 1 FROM mail_policy
                WHERE workspace_id = %(workspace)s AND internal_mail = 'show')
            ORDER BY p.role, p.position LIMIT 1
        )) AS person_id
    ) who
    WHERE NOT m.linked AND who.person_id IS NOT NULL
), gone AS (
    DELETE FROM linking_unlinked u
    USING letters m
    WHERE u.workspace_id = %(workspace)s AND u.message_id = m.id
      AND NOT EXISTS (
        SELECT 1 FROM wanted w WHERE w.message_id = u.message_id AND w.mailbox_id = u.mailbox_id)
)
INSERT INTO linking_unlinked (workspace_id, mailbox_id, message_id, person_id, sent_at, dismissed)
SELECT %(workspace)s, mailbox_id, message_id, person_id, sent_at, dismissed FROM wanted
ON CONFLICT (workspace_id, message_id, mailbox_id) DO UPDATE SET
    person_id = excluded.person_id, sent_at = excluded.sent_at, dismissed = excluded.dismissed
    WHERE (linking_unlinked.person_id, linking_unlinked.sent_at, linking_unlinked.dismissed)
        IS DISTINCT FROM (excluded.person_id, excluded.sent_at, excluded.dismissed);

-- name: shown
-- The message of row u, if it is still the viewer's own and about no record. (Without the OFFSET,
-- the planner may look for copies by their mailbox, which has a hundred thousand.)
SELECT m.* FROM mail_message m
WHERE m.workspace_id = %(workspace)s AND m.id = u.message_id AND NOT m.linked
  AND EXISTS (SELECT 1 FROM ({copies} OFFSET 0) c WHERE c.mailbox_id = u.mailbox_id AND c.level = 4)
LIMIT 1

-- name: groups
-- The people of unlinked mail, each at their newest: from a place on, the next row of somebody not
-- met yet, and so on (a loose walk along the index, mailbox by mailbox). Who has newer mail than
-- the place was on an earlier page. ``place`` counts what was met, so that the caller can go on.
WITH RECURSIVE walk AS (
    SELECT 0 AS place, %(at)s::timestamptz AS sent_at, %(id)s::bigint AS message_id,
        NULL::bigint AS person_id, '{}'::bigint[] AS met, 0 AS found, false AS counts
    UNION ALL
    SELECT w.place + 1, n.sent_at, n.message_id, n.person_id, w.met || n.person_id,
        w.found + n.counts::integer, n.counts
    FROM walk w
    CROSS JOIN LATERAL (
        SELECT r.sent_at, r.message_id, r.person_id, NOT EXISTS (
            SELECT 1 FROM unnest(%(own)s::bigint[]) AS b (mailbox_id)
            CROSS JOIN LATERAL (
                SELECT 1 FROM linking_unlinked u
                CROSS JOIN LATERAL ({shown}) m
                WHERE u.workspace_id = %(workspace)s AND u.mailbox_id = b.mailbox_id
                  AND u.person_id = r.person_id AND NOT u.dismissed
                  AND (u.sent_at, u.message_id) >= (%(at)s, %(id)s)
                ORDER BY u.person_id, u.sent_at DESC, u.message_id DESC LIMIT 1
            ) newer
        ) AND EXISTS (
            SELECT 1 FROM mail_address a
            WHERE a.workspace_id = %(workspace)s AND a.id = r.person_id
              AND a.address <> ALL(%(hidden)s::text[])
              AND split_part(a.address, '@', -1) <> ALL(%(hidden_domains)s::text[])
        ) AS counts
        FROM (
            SELECT u.sent_at, u.message_id, u.person_id
            FROM unnest(%(own)s::bigint[]) AS b (mailbox_id)
            CROSS JOIN LATERAL (
                SELECT u.sent_at, u.message_id, u.person_id FROM linking_unlinked u
                CROSS JOIN LATERAL ({shown}) m
                WHERE u.workspace_id = %(workspace)s AND u.mailbox_id = b.mailbox_id
                  AND NOT u.dismissed AND (u.sent_at, u.message_id) < (w.sent_at, w.message_id)
                  AND u.person_id <> ALL(w.met)
                ORDER BY u.sent_at DESC, u.message_id DESC LIMIT 1
            ) u
            ORDER BY u.sent_at DESC, u.message_id DESC LIMIT 1
        ) r
    ) n
    WHERE w.found < %(limit)s AND w.place < %(batch)s
)
SELECT w.place, w.sent_at, w.message_id, w.counts, w.person_id, a.address,
    coalesce(nullif(p.name, ''), a.name), m.subject, m.direction, n.messages
FROM walk w
LEFT JOIN mail_address a ON a.workspace_id = %(workspace)s AND a.id = w.person_id AND w.counts
LEFT JOIN mail_message m ON m.workspace_id = %(workspace)s AND m.id = w.message_id AND w.counts
LEFT JOIN LATERAL (
    SELECT name FROM mail_participant
    WHERE workspace_id = %(workspace)s AND message_id = w.message_id AND address_id = w.person_id
    ORDER BY role LIMIT 1
) p ON w.counts
LEFT JOIN LATERAL (
    SELECT count(DISTINCT message_id) AS messages FROM (
        SELECT message_id FROM linking_unlinked
        WHERE workspace_id = %(workspace)s AND mailbox_id = ANY(%(own)s::bigint[])
          AND person_id = w.person_id AND NOT dismissed LIMIT %(most)s
    ) u
) n ON w.counts
WHERE w.place > 0
ORDER BY w.place;

-- name: letters
-- The unlinked mail with one person, newest first from a place.
SELECT DISTINCT m.sent_at, m.id, m.thread_id, m.subject, m.preview, m.direction,
    m.attachment_count, a.address, coalesce(nullif(p.name, ''), a.name) AS name
FROM unnest(%(own)s::bigint[]) AS b (mailbox_id)
CROSS JOIN LATERAL (
    SELECT m.* FROM linking_unlinked u
    CROSS JOIN LATERAL ({shown}) m
    WHERE u.workspace_id = %(workspace)s AND u.mailbox_id = b.mailbox_id
      AND u.person_id = %(person)s AND NOT u.dismissed
      AND (u.sent_at, u.message_id) < (%(at)s, %(id)s)
    ORDER BY u.sent_at DESC, u.message_id DESC LIMIT %(limit)s
) m
JOIN mail_address a ON a.workspace_id = %(workspace)s AND a.id = %(person)s
LEFT JOIN LATERAL (
    SELECT name FROM mail_participant
    WHERE workspace_id = %(workspace)s AND message_id = m.id AND address_id = a.id
    ORDER BY role LIMIT 1
) p ON true
ORDER BY m.sent_at DESC, m.id DESC LIMIT %(limit)s;

-- name: messages
-- All of that mail, or those of it that were chosen.
SELECT DISTINCT m.id
FROM (
    SELECT message_id, mailbox_id FROM linking_unlinked
    WHERE workspace_id = %(workspace)s AND mailbox_id = ANY(%(own)s::bigint[])
      AND person_id = %(person)s AND NOT dismissed
      AND (%(all)s OR message_id = ANY(%(messages)s::bigint[])) OFFSET 0
) u
CROSS JOIN LATERAL ({shown}) m;

-- name: waiting
SELECT count(*) FROM (
    SELECT 1 FROM unnest(%(own)s::bigint[]) AS b (mailbox_id)
    CROSS JOIN LATERAL (
        SELECT 1 FROM linking_unlinked
        WHERE workspace_id = %(workspace)s AND mailbox_id = b.mailbox_id AND NOT dismissed
        LIMIT %(most)s
    ) u LIMIT %(most)s
) u;

-- name: dismiss_person
-- In every mailbox that is the viewer's alone, and in those of others where there is such mail.
INSERT INTO linking_dismissal (workspace_id, mailbox_id, person_id, act, made_by_id, made_at)
SELECT %(workspace)s, b.mailbox_id, %(person)s, %(act)s, %(user)s, %(now)s
FROM unnest(%(own)s::bigint[]) AS b (mailbox_id)
WHERE b.mailbox_id <> ALL(%(common)s::bigint[]) OR EXISTS (
    SELECT 1 FROM linking_unlinked
    WHERE workspace_id = %(workspace)s AND mailbox_id = b.mailbox_id AND person_id = %(person)s)
ON CONFLICT (workspace_id, mailbox_id, person_id, message_id) DO NOTHING;

-- name: dismiss_messages
INSERT INTO linking_dismissal
    (workspace_id, mailbox_id, person_id, message_id, act, made_by_id, made_at)
SELECT %(workspace)s, mailbox_id, person_id, message_id, %(act)s, %(user)s, %(now)s
FROM linking_unlinked
WHERE workspace_id = %(workspace)s AND mailbox_id = ANY(%(own)s::bigint[])
  AND person_id = %(person)s AND message_id = ANY(%(messages)s::bigint[])
ON CONFLICT (workspace_id, mailbox_id, person_id, message_id) DO NOTHING;

-- name: flag
-- Rows say again what the dismissals say.
UPDATE linking_unlinked u SET dismissed = NOT u.dismissed
WHERE u.workspace_id = %(workspace)s AND u.mailbox_id = ANY(%(own)s::bigint[])
  AND u.person_id = ANY(%(people)s::bigint[])
  AND u.dismissed <> EXISTS (
    SELECT 1 FROM linking_dismissal d
    WHERE d.workspace_id = %(workspace)s AND d.mailbox_id = u.mailbox_id
      AND d.person_id = u.person_id AND (d.message_id IS NULL OR d.message_id = u.message_id));

-- name: restore
DELETE FROM linking_dismissal
WHERE workspace_id = %(workspace)s AND act = %(act)s AND mailbox_id = ANY(%(own)s::bigint[])
RETURNING person_id;

-- name: dismissed
-- What was dismissed, newest first: a line an act.
SELECT d.act, max(d.made_at) AS at, a.address, a.name, coalesce(max(u.name), ''),
    count(DISTINCT d.message_id), coalesce(min(m.subject), '')
FROM linking_dismissal d
JOIN mail_address a ON a.workspace_id = %(workspace)s AND a.id = d.person_id
LEFT JOIN mail_message m ON m.workspace_id = %(workspace)s AND m.id = d.message_id
    AND EXISTS ({copies})
LEFT JOIN people_user u ON u.id = d.made_by_id
WHERE d.workspace_id = %(workspace)s AND d.mailbox_id = ANY(%(own)s::bigint[])
  AND d.made_at < %(at)s
GROUP BY d.act, a.address, a.name
ORDER BY at DESC, d.act LIMIT %(limit)s;
