-- name: sift
-- Copies of mail about no record that nobody's decision, no conversation and no reader keeps, each
-- with its message and whether we sent it. Only what its mailbox can give us again: connected, and
-- not deleted there.
SELECT c.id, m.id, m.direction = 'out'
FROM mail_message m
JOIN mail_copy c ON c.workspace_id = m.workspace_id AND c.message_id = m.id
JOIN mail_mailbox b ON b.workspace_id = m.workspace_id AND b.id = c.mailbox_id
WHERE m.workspace_id = %(workspace)s {which} AND NOT m.linked
  AND c.state = 'stored' AND NOT c.asked_for AND b.disconnected_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM linking_link l WHERE l.workspace_id = %(workspace)s AND l.message_id = m.id)
  AND NOT EXISTS (
    SELECT 1 FROM linking_handed h WHERE h.workspace_id = %(workspace)s AND h.message_id = m.id)
  {noted}
  AND NOT ((%(inherits)s OR m.direction = 'out') AND EXISTS (
    SELECT 1 FROM (
        SELECT linked FROM mail_message
        WHERE workspace_id = %(workspace)s AND thread_id = m.thread_id OFFSET 0
    ) o WHERE o.linked))

-- name: noted
AND NOT EXISTS (
    SELECT 1 FROM {table} t WHERE t.workspace_id = %(workspace)s AND t.message_id = m.id)

-- name: count
SELECT count(DISTINCT s.message_id) FROM ({sift}) s (copy_id, message_id, ours);

-- name: leave_out
UPDATE mail_copy c SET state = 'skipped', reason = %(reason)s, settled_at = %(now)s, traces = (
    SELECT array_agg(DISTINCT mail_trace(%(workspace)s, w.address)) FROM (
        (SELECT a.address FROM (
            SELECT address_id FROM mail_participant
            WHERE workspace_id = %(workspace)s AND message_id = c.message_id
            ORDER BY position LIMIT %(most)s
        ) p
        JOIN mail_address a ON a.workspace_id = %(workspace)s AND a.id = p.address_id)
        UNION ALL
        SELECT unnest(c.bcc)
    ) w)
WHERE c.workspace_id = %(workspace)s AND c.id = ANY(%(copies)s::bigint[])
RETURNING c.remote_id, c.mailbox_id;

-- name: people
-- Who is on these messages, and of no record.
SELECT DISTINCT p.address_id FROM mail_participant p
WHERE p.workspace_id = %(workspace)s AND p.message_id = ANY(%(messages)s::bigint[])
  AND NOT EXISTS (
    SELECT 1 FROM linking_recordaddress r
    WHERE r.workspace_id = %(workspace)s AND r.address_id = p.address_id);

-- name: back_with_thread
-- What was left out of conversations that are about something now.
UPDATE mail_copy c SET state = 'listed', reason = '', place = -1, attempts = 0
FROM (
    SELECT DISTINCT k.mailbox_id, k.remote_thread_id FROM mail_message m
    JOIN mail_copy k ON k.workspace_id = m.workspace_id AND k.message_id = m.id
    WHERE m.workspace_id = %(workspace)s AND m.id = ANY(%(messages)s::bigint[]) AND m.linked
      AND k.mailbox_id = %(mailbox)s
) t
WHERE c.workspace_id = %(workspace)s AND c.mailbox_id = t.mailbox_id
  AND c.remote_thread_id = t.remote_thread_id AND c.traces IS NOT NULL
  AND c.state = 'skipped' AND c.reason = %(reason)s;

-- name: newest_address
SELECT coalesce(max(id), 0) FROM linking_recordaddress WHERE workspace_id = %(workspace)s;

-- name: back_with_addresses
-- What was left out of a mailbox, and has somebody on it whose address a record gained since.
WITH gained AS MATERIALIZED (
    SELECT DISTINCT mail_trace(%(workspace)s, a.address) AS trace
    FROM linking_recordaddress r
    JOIN mail_address a ON a.workspace_id = %(workspace)s AND a.id = r.address_id
    WHERE r.workspace_id = %(workspace)s AND r.id > %(position)s
), back AS MATERIALIZED (
    SELECT c.id FROM mail_copy c
    WHERE c.workspace_id = %(workspace)s AND c.mailbox_id = %(mailbox)s AND c.traces IS NOT NULL
      AND c.state = 'skipped' AND c.reason = %(reason)s
      AND EXISTS (SELECT 1 FROM unnest(c.traces) AS t (trace) WHERE t.trace IN (SELECT trace FROM gained))
)
UPDATE mail_copy c SET state = 'listed', reason = '', place = -1, attempts = 0
FROM back WHERE c.workspace_id = %(workspace)s AND c.id = back.id
RETURNING c.id;
