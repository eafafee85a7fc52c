-- Decisions of people about many messages at once. ``kinds`` and ``records`` are the records they
-- are about.

-- name: take
SELECT id, thread_id FROM mail_message
WHERE workspace_id = %(workspace)s AND id = ANY(%(messages)s::bigint[]);

-- name: remember
-- What the messages have to do with the records now, so that it can be put back.
INSERT INTO linking_decision
    (workspace_id, made_by_id, made_at, message_ids, kinds, record_ids, before, address)
SELECT %(workspace)s, %(user)s, %(now)s, %(messages)s::bigint[], %(kinds)s::text[],
    %(records)s::bigint[], coalesce(jsonb_agg(to_jsonb(l)), '[]'), ''
FROM unnest(%(messages)s::bigint[]) AS g (id)
CROSS JOIN LATERAL (
    SELECT * FROM linking_link
    WHERE workspace_id = %(workspace)s AND message_id = g.id OFFSET 0
) l
JOIN unnest(%(kinds)s::text[], %(records)s::bigint[]) AS r (kind, record_id)
    ON r.kind = l.kind AND r.record_id = l.record_id
RETURNING id;

-- name: decide
INSERT INTO linking_link (workspace_id, message_id, kind, record_id, linked, pinned, reason,
    made_by_id, made_at)
SELECT %(workspace)s, g.id, r.kind, r.record_id, r.linked, true, 'manual', %(user)s, %(now)s
FROM unnest(%(messages)s::bigint[]) AS g (id)
CROSS JOIN unnest(%(kinds)s::text[], %(records)s::bigint[], %(linked)s::boolean[])
    AS r (kind, record_id, linked)
ON CONFLICT (workspace_id, message_id, kind, record_id) DO UPDATE SET
    linked = excluded.linked, pinned = true, reason = 'manual', rule = '', address_id = NULL,
    via_kind = '', via_record_id = NULL,
    made_by_id = excluded.made_by_id, made_at = excluded.made_at;

-- name: file
-- What was decided before, by a person or a rule, stands.
INSERT INTO linking_link AS l (workspace_id, message_id, kind, record_id, linked, pinned, reason,
    rule, made_at)
SELECT %(workspace)s, g.id, %(kind)s, %(record)s, true, true, 'filed', %(reason)s, %(now)s
FROM unnest(%(messages)s::bigint[]) AS g (id)
ON CONFLICT (workspace_id, message_id, kind, record_id) DO UPDATE SET
    linked = true, pinned = true, reason = 'filed', rule = excluded.rule, address_id = NULL,
    via_kind = '', via_record_id = NULL, made_at = excluded.made_at
WHERE NOT l.pinned;

-- name: unfile
DELETE FROM linking_link l
USING unnest(%(messages)s::bigint[]) AS g (id)
WHERE l.workspace_id = %(workspace)s AND l.message_id = g.id
  AND l.kind = %(kind)s AND l.record_id = %(record)s AND l.reason = 'filed';

-- name: forget
DELETE FROM linking_link l
USING unnest(%(messages)s::bigint[]) AS g (id),
    unnest(%(kinds)s::text[], %(records)s::bigint[]) AS r (kind, record_id)
WHERE l.workspace_id = %(workspace)s AND l.message_id = g.id
  AND l.kind = r.kind AND l.record_id = r.record_id;

-- name: take_back
-- What an act decided, as far as nobody has decided otherwise since.
DELETE FROM linking_link l
USING linking_decision d, unnest(d.message_ids) AS g (id), unnest(d.kinds, d.record_ids) AS r (kind, record_id)
WHERE d.workspace_id = %(workspace)s AND d.id = %(decision)s
  AND l.workspace_id = %(workspace)s AND l.message_id = g.id
  AND l.kind = r.kind AND l.record_id = r.record_id
  AND l.pinned AND l.made_by_id = d.made_by_id AND l.made_at = d.made_at;

-- name: put_back
-- Earlier decisions come back where there is none now.
INSERT INTO linking_link (workspace_id, message_id, kind, record_id, linked, pinned, reason,
    rule, made_by_id, made_at)
SELECT %(workspace)s, m.id, b.kind, b.record_id, b.linked, true, b.reason, coalesce(b.rule, ''),
    u.id, b.made_at
FROM linking_decision d
CROSS JOIN LATERAL jsonb_populate_recordset(NULL::linking_link, d.before) b
JOIN mail_message m ON m.workspace_id = %(workspace)s AND m.id = b.message_id
LEFT JOIN people_user u ON u.id = b.made_by_id
WHERE d.workspace_id = %(workspace)s AND d.id = %(decision)s AND b.pinned
ON CONFLICT (workspace_id, message_id, kind, record_id) DO UPDATE SET
    linked = excluded.linked, pinned = true, reason = excluded.reason, rule = excluded.rule,
    address_id = NULL, via_kind = '', via_record_id = NULL,
    made_by_id = excluded.made_by_id, made_at = excluded.made_at
    WHERE NOT linking_link.pinned;

-- name: date_back
-- What matching has made anew is as old as it was.
UPDATE linking_link l SET made_at = b.made_at
FROM linking_decision d
CROSS JOIN LATERAL jsonb_populate_recordset(NULL::linking_link, d.before) b
WHERE d.workspace_id = %(workspace)s AND d.id = %(decision)s AND NOT b.pinned
  AND l.workspace_id = %(workspace)s AND l.message_id = b.message_id AND l.kind = b.kind
  AND l.record_id = b.record_id AND NOT l.pinned AND l.reason = b.reason;
