-- name: having
-- Those of these records that have entries at all.
SELECT w.kind, w.record_id
FROM unnest(%(kinds)s::text[], %(records)s::bigint[]) AS w (kind, record_id)
WHERE EXISTS (
    SELECT 1 FROM journal_entryrecord r
    WHERE r.workspace_id = %(workspace)s AND r.kind = w.kind AND r.record_id = w.record_id
);

-- name: entries
-- Entries about the records, newest first from a place. Changes are told of the first record only.
SELECT f.at, f.entry_id
FROM unnest(%(kinds)s::text[], %(records)s::bigint[]) WITH ORDINALITY AS w (kind, record_id, nr)
CROSS JOIN LATERAL (
    SELECT r.at, r.entry_id FROM journal_entryrecord r
    WHERE r.workspace_id = %(workspace)s AND r.kind = w.kind AND r.record_id = w.record_id
      AND (r.at, r.entry_id) < (%(at)s, %(id)s)
      AND (%(type)s = '' OR r.type = %(type)s) AND (w.nr = 1 OR r.type <> 'change')
      AND EXISTS (
        SELECT 1 FROM journal_entry e
        WHERE e.workspace_id = %(workspace)s AND e.id = r.entry_id AND e.deleted_at IS NULL)
    ORDER BY r.at DESC, r.entry_id DESC LIMIT %(limit)s
) f
GROUP BY f.at, f.entry_id
ORDER BY f.at DESC, f.entry_id DESC LIMIT %(limit)s;
