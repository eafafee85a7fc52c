-- name: newest
-- When something was last written down of each of these records. What is planned counts from when
-- it was planned, a task from when it is done, a change not at all.
SELECT w.kind, w.record_id,
    max(CASE e.type WHEN 'task' THEN e.done_at ELSE least(e.at, e.made_at) END)
FROM unnest(%(kinds)s::text[], %(records)s::bigint[]) AS w (kind, record_id)
LEFT JOIN journal_entryrecord r ON r.workspace_id = %(workspace)s AND r.kind = w.kind
    AND r.record_id = w.record_id AND r.type <> 'change'
LEFT JOIN journal_entry e ON e.workspace_id = %(workspace)s AND e.id = r.entry_id
    AND e.deleted_at IS NULL
GROUP BY w.kind, w.record_id;

-- name: carry
-- What is about one record is about the other as well.
INSERT INTO journal_entryrecord (workspace_id, entry_id, kind, record_id, type, at)
SELECT workspace_id, entry_id, %(into_kind)s, %(into)s, type, at FROM journal_entryrecord
WHERE workspace_id = %(workspace)s AND kind = %(kind)s AND record_id = %(record)s
ON CONFLICT DO NOTHING;

-- name: drop_orphans
-- Entries that were about this record alone.
DELETE FROM journal_entry e
USING journal_entryrecord r
WHERE r.workspace_id = %(workspace)s AND r.kind = %(kind)s AND r.record_id = %(record)s
  AND e.workspace_id = %(workspace)s AND e.id = r.entry_id AND NOT EXISTS (
    SELECT 1 FROM journal_entryrecord o
    WHERE o.workspace_id = %(workspace)s AND o.entry_id = e.id AND o.id <> r.id
);

-- name: drop
DELETE FROM journal_entryrecord
WHERE workspace_id = %(workspace)s AND kind = %(kind)s AND record_id = %(record)s;

-- name: give_back
INSERT INTO journal_entryrecord (workspace_id, entry_id, kind, record_id, type, at)
SELECT e.workspace_id, e.id, %(kind)s, %(record)s, e.type, e.at FROM journal_entry e
WHERE e.workspace_id = %(workspace)s AND e.id = ANY(%(entries)s::bigint[])
ON CONFLICT DO NOTHING;

-- name: take_away
DELETE FROM journal_entryrecord
WHERE workspace_id = %(workspace)s AND kind = %(kind)s AND record_id = %(record)s
  AND entry_id = ANY(%(entries)s::bigint[]);
