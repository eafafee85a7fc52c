-- name: lately
-- People of the newest mail in the viewer's own mailboxes whose address begins with a text, or a
-- word of whose name; by how often. Names are those that this mail gives them.
WITH lately AS MATERIALIZED (
    SELECT c.message_id FROM unnest(%(own)s::bigint[]) AS own (mailbox_id)
    CROSS JOIN LATERAL (
        SELECT c.message_id FROM mail_copy c
        WHERE c.workspace_id = %(workspace)s AND c.mailbox_id = own.mailbox_id
          AND c.received_at IS NOT NULL AND c.state = 'stored'
        ORDER BY c.received_at DESC LIMIT %(window)s
    ) c
), known AS (
    SELECT p.address_id, count(*) AS often, max(p.sent_at) AS at, max(p.name) AS name
    FROM lately l
    CROSS JOIN LATERAL (
        SELECT p.address_id, p.sent_at, p.name FROM mail_participant p
        WHERE p.workspace_id = %(workspace)s AND p.message_id = l.message_id OFFSET 0
    ) p
    GROUP BY p.address_id
)
SELECT a.address, k.name FROM known k
CROSS JOIN LATERAL (
    SELECT a.address FROM mail_address a
    WHERE a.workspace_id = %(workspace)s AND a.id = k.address_id LIMIT 1
) a
WHERE starts_with(a.address, %(text)s)
   OR position(' ' || %(text)s IN ' ' || lower(k.name)) > 0
ORDER BY k.often DESC, k.at DESC LIMIT %(limit)s;

-- name: ever
-- People of any mail in the viewer's own mailboxes whose address begins with a text: of the first
-- such addresses (a batch) those that are named by a message there, of their newest.
SELECT a.address, p.name
FROM (
    SELECT id, address FROM mail_address
    WHERE workspace_id = %(workspace)s AND address >= %(text)s AND address < %(beyond)s
      AND starts_with(address, %(text)s)
    ORDER BY address LIMIT %(batch)s
) a
CROSS JOIN LATERAL (
    SELECT p.sent_at, p.name FROM (
        SELECT p.message_id, p.sent_at, p.name FROM mail_participant p
        WHERE p.workspace_id = %(workspace)s AND p.address_id = a.id
        ORDER BY p.sent_at DESC LIMIT 5
    ) p
    CROSS JOIN LATERAL (
        SELECT c.mailbox_id, c.state FROM mail_copy c
        WHERE c.workspace_id = %(workspace)s AND c.message_id = p.message_id OFFSET 0
    ) c
    WHERE c.mailbox_id = ANY(%(own)s::bigint[]) AND c.state IN ('stored', 'gone')
    LIMIT 1
) p
ORDER BY p.sent_at DESC LIMIT %(limit)s;
