-- More of the people of the seed become contacts, until there are as many as asked for; each second
-- one gets a further address, of somebody who is none. Every fourth works for the company at its
-- domain.
-- name: records
INSERT INTO crm_contact (id, workspace_id, name, title, phone, note, created_at, updated_at)
SELECT a.id, a.workspace_id, a.name, '', '', '', now(), now() FROM mail_address a
WHERE a.workspace_id = %(workspace)s AND a.id - %(base)s <= %(people)s
  AND NOT EXISTS (SELECT 1 FROM crm_contact c WHERE c.id = a.id)
ORDER BY a.id LIMIT greatest(0, %(records)s - (SELECT count(*) FROM crm_contact
    WHERE workspace_id = %(workspace)s));
INSERT INTO crm_contactaddress (workspace_id, contact_id, address, kind)
SELECT c.workspace_id, c.id, a.address, 'primary'
FROM crm_contact c JOIN mail_address a ON a.id = c.id
WHERE c.workspace_id = %(workspace)s
  AND NOT EXISTS (SELECT 1 FROM crm_contactaddress k WHERE k.contact_id = c.id);
INSERT INTO crm_contactaddress (workspace_id, contact_id, address, kind)
SELECT %(workspace)s, c.id, a.address, 'additional'
FROM (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM crm_contact
    WHERE workspace_id = %(workspace)s
) c
JOIN (
    SELECT a.address, row_number() OVER (ORDER BY a.id) * 2 AS place FROM mail_address a
    WHERE a.workspace_id = %(workspace)s AND a.id - %(base)s <= %(people)s
      AND NOT EXISTS (SELECT 1 FROM crm_contact k WHERE k.id = a.id)
) a USING (place);
INSERT INTO linking_recordaddress (workspace_id, kind, record_id, address_id, address_kind)
SELECT k.workspace_id, 'crm.contact', k.contact_id, a.id, k.kind
FROM crm_contactaddress k
JOIN mail_address a ON a.workspace_id = k.workspace_id AND a.address = k.address
WHERE k.workspace_id = %(workspace)s
ON CONFLICT DO NOTHING;
INSERT INTO crm_company (workspace_id, name, domain, note, created_at, updated_at)
SELECT %(workspace)s, initcap(split_part(domain, '.', 1)), domain, '', now(), now()
FROM (
    SELECT DISTINCT split_part(address, '@', 2) AS domain FROM mail_address
    WHERE workspace_id = %(workspace)s AND id - %(base)s <= %(people)s
) d;
UPDATE crm_contact c SET company_id = k.id
FROM mail_address a JOIN crm_company k
  ON k.workspace_id = %(workspace)s AND k.domain = split_part(a.address, '@', 2)
WHERE c.workspace_id = %(workspace)s AND a.id = c.id AND c.id %% 4 = 0;
INSERT INTO linking_companion (workspace_id, kind, record_id, to_kind, to_record_id, rule)
SELECT workspace_id, 'crm.contact', id, 'crm.company', company_id, 'company' FROM crm_contact
WHERE workspace_id = %(workspace)s AND company_id IS NOT NULL;

-- name: counts
SELECT (SELECT count(*) FROM mail_message WHERE workspace_id = %(workspace)s),
    (SELECT count(*) FROM crm_contact WHERE workspace_id = %(workspace)s)
        + (SELECT count(*) FROM crm_company WHERE workspace_id = %(workspace)s),
    (SELECT count(*) FROM linking_recordaddress WHERE workspace_id = %(workspace)s);

-- name: addresses
SELECT r.record_id, a.address, count(*) AS mails
FROM linking_recordaddress r
JOIN mail_address a ON a.workspace_id = r.workspace_id AND a.id = r.address_id
JOIN mail_participant p ON p.workspace_id = r.workspace_id AND p.address_id = r.address_id
WHERE r.workspace_id = %(workspace)s AND r.kind = 'crm.contact'
GROUP BY 1, 2 ORDER BY 3, 1;

-- name: records_by_mail
SELECT kind, record_id, sum(message_count) FROM linking_threadrecord
WHERE workspace_id = %(workspace)s GROUP BY 1, 2 ORDER BY 3 DESC;
