-- name: with_somebody
-- The copies, in some mailboxes, of mail with an address or with anybody at a domain. A mailbox's
-- own address does not count in it.
WITH who AS MATERIALIZED (
    SELECT id, address FROM mail_address
    WHERE workspace_id = %(workspace)s AND (address = %(value)s OR %(is_domain)s
        AND (address LIKE '%%@' || %(value)s OR address LIKE '%%.' || %(value)s))
), box AS MATERIALIZED (
    SELECT id, lower(address) AS address FROM mail_mailbox
    WHERE workspace_id = %(workspace)s AND id = ANY(%(mailboxes)s::bigint[])
)
SELECT c.id FROM who
CROSS JOIN LATERAL (
    SELECT message_id FROM mail_participant
    WHERE workspace_id = %(workspace)s AND address_id = who.id
      AND role = ANY(%(roles)s::smallint[]) OFFSET 0
) p
CROSS JOIN LATERAL (
    SELECT id, mailbox_id FROM mail_copy
    WHERE workspace_id = %(workspace)s AND message_id = p.message_id OFFSET 0
) c
JOIN box ON box.id = c.mailbox_id AND box.address <> who.address
UNION
SELECT c.id FROM box
JOIN mail_copy c ON c.workspace_id = %(workspace)s AND c.mailbox_id = box.id
CROSS JOIN unnest(c.bcc) AS b (address)
WHERE c.bcc <> '{}' AND c.message_id IS NOT NULL AND b.address <> box.address
  AND (b.address = %(value)s OR %(is_domain)s
       AND (b.address LIKE '%%@' || %(value)s OR b.address LIKE '%%.' || %(value)s));

-- name: leave_out
UPDATE mail_copy SET state = 'skipped', reason = %(reason)s
WHERE workspace_id = %(workspace)s AND id = ANY(%(copies)s::bigint[]);

-- name: next_leaving
SELECT id FROM mail_copy
WHERE workspace_id = %(workspace)s AND state = 'skipped' AND message_id IS NOT NULL
  AND reason = ANY(%(reasons)s)
ORDER BY id LIMIT %(limit)s;

-- name: count_messages
SELECT count(*) FROM mail_message WHERE workspace_id = %(workspace)s;

-- name: next_messages
SELECT id FROM mail_message
WHERE workspace_id = %(workspace)s AND id > %(position)s ORDER BY id LIMIT %(limit)s;
