-- name: concerned
-- What is linked to them; and what has an address of theirs, where it was linked to another record.
SELECT m.thread_id
FROM linking_link l
JOIN mail_message m ON m.workspace_id = %(workspace)s AND m.id = l.message_id
WHERE l.workspace_id = %(workspace)s AND l.kind = %(kind)s
  AND l.record_id = ANY(%(records)s::bigint[])
UNION
SELECT m.thread_id
FROM linking_recordaddress r
JOIN mail_participant p ON p.workspace_id = %(workspace)s AND p.address_id = r.address_id
JOIN mail_message m ON m.workspace_id = %(workspace)s AND m.id = p.message_id
WHERE r.workspace_id = %(workspace)s AND r.kind = %(kind)s
  AND r.record_id = ANY(%(records)s::bigint[]);

-- name: decide
INSERT INTO linking_link (workspace_id, message_id, kind, record_id, linked, pinned, reason,
    rule, address_id, made_by_id, made_at)
SELECT DISTINCT ON (l.message_id) %(workspace)s, l.message_id, %(into_kind)s, %(into)s, l.linked,
    true, l.reason, l.rule, l.address_id, l.made_by_id, l.made_at
FROM linking_link l
WHERE l.workspace_id = %(workspace)s AND l.kind = %(kind)s
  AND l.record_id = ANY(%(records)s::bigint[]) AND l.pinned
ORDER BY l.message_id, l.linked, l.made_at DESC, l.id
ON CONFLICT (workspace_id, message_id, kind, record_id) DO UPDATE SET
    linked = excluded.linked, pinned = true, reason = excluded.reason,
    rule = excluded.rule, address_id = excluded.address_id, made_by_id = excluded.made_by_id, made_at = excluded.made_at
    WHERE NOT linking_link.pinned;

-- name: carry
INSERT INTO linking_link (workspace_id, message_id, kind, record_id, linked, pinned, reason,
    address_id, made_by_id, made_at)
SELECT DISTINCT ON (l.message_id) %(workspace)s, l.message_id, %(into_kind)s, %(into)s, l.linked,
    false, l.reason, l.address_id, l.made_by_id, l.made_at
FROM linking_link l
WHERE l.workspace_id = %(workspace)s AND l.kind = %(kind)s
  AND l.record_id = ANY(%(records)s::bigint[]) AND NOT l.pinned
ORDER BY l.message_id, l.made_at, l.id
ON CONFLICT (workspace_id, message_id, kind, record_id) DO NOTHING;

-- name: drop_links
DELETE FROM linking_link
WHERE workspace_id = %(workspace)s AND kind = %(kind)s AND record_id = ANY(%(records)s::bigint[]);

-- name: drop_ways_back
-- Undoing what was decided about a record that is no more would link mail to nothing.
DELETE FROM linking_decision d
WHERE d.workspace_id = %(workspace)s AND EXISTS (
    SELECT 1 FROM unnest(d.kinds, d.record_ids) AS r (kind, record_id)
    WHERE r.kind = %(kind)s AND r.record_id = ANY(%(records)s::bigint[]));

-- name: carry_addresses
INSERT INTO linking_recordaddress (workspace_id, kind, record_id, address_id, address_kind)
SELECT DISTINCT ON (r.address_id) %(workspace)s, %(into_kind)s, %(into)s, r.address_id,
    r.address_kind
FROM linking_recordaddress r
WHERE r.workspace_id = %(workspace)s AND r.kind = %(kind)s
  AND r.record_id = ANY(%(records)s::bigint[])
ORDER BY r.address_id, r.id
ON CONFLICT (workspace_id, kind, record_id, address_id) DO NOTHING;

-- name: drop_addresses
DELETE FROM linking_recordaddress
WHERE workspace_id = %(workspace)s AND kind = %(kind)s AND record_id = ANY(%(records)s::bigint[]);

-- name: carry_companions
INSERT INTO linking_companion (workspace_id, kind, record_id, to_kind, to_record_id, rule, since, until)
SELECT DISTINCT ON (f.kind, f.record_id, f.to_kind, f.to_record_id, f.rule) %(workspace)s, f.*
FROM (
    SELECT %(into_kind)s AS kind, %(into)s AS record_id, to_kind, to_record_id, rule, since, until
    FROM linking_companion
    WHERE workspace_id = %(workspace)s AND kind = %(kind)s
      AND record_id = ANY(%(records)s::bigint[])
    UNION ALL
    SELECT kind, record_id, %(into_kind)s, %(into)s, rule, since, until
    FROM linking_companion
    WHERE workspace_id = %(workspace)s AND to_kind = %(kind)s
      AND to_record_id = ANY(%(records)s::bigint[])
) f
ON CONFLICT (workspace_id, kind, record_id, to_kind, to_record_id, rule) DO NOTHING;

-- name: drop_companions
DELETE FROM linking_companion
WHERE workspace_id = %(workspace)s AND (
    kind = %(kind)s AND record_id = ANY(%(records)s::bigint[])
    OR to_kind = %(kind)s AND to_record_id = ANY(%(records)s::bigint[]));

-- name: remember
SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]') FROM linking_link l
WHERE l.workspace_id = %(workspace)s AND l.kind = %(kind)s
  AND l.record_id IN (%(record)s, %(into)s) AND l.message_id IN (
    SELECT message_id FROM linking_link
    WHERE workspace_id = %(workspace)s AND kind = %(kind)s AND record_id = %(record)s);

-- name: clear
DELETE FROM linking_link
WHERE workspace_id = %(workspace)s AND kind = %(kind)s AND record_id = ANY(%(records)s::bigint[])
  AND message_id = ANY(%(messages)s::bigint[]);

-- name: put_back
INSERT INTO linking_link (workspace_id, message_id, kind, record_id, linked, pinned, reason, rule,
    address_id, via_kind, via_record_id, made_by_id, made_at)
SELECT %(workspace)s, m.id, b.kind, b.record_id, b.linked, b.pinned, b.reason, b.rule, b.address_id,
    b.via_kind, b.via_record_id, u.id, b.made_at
FROM jsonb_populate_recordset(NULL::linking_link, %(before)s) b
JOIN mail_message m ON m.workspace_id = %(workspace)s AND m.id = b.message_id
LEFT JOIN people_user u ON u.id = b.made_by_id
WHERE b.kind = %(kind)s AND b.record_id = ANY(%(records)s::bigint[])
ON CONFLICT (workspace_id, message_id, kind, record_id) DO NOTHING;

-- name: threads
SELECT DISTINCT thread_id FROM mail_message
WHERE workspace_id = %(workspace)s AND id = ANY(%(messages)s::bigint[]);
