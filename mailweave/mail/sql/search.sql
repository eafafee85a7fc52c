-- name: ask
-- The query, and the same without its exclusions: empty or T when nothing else is left.
SELECT q::text, CASE WHEN numnode(q) > 0 THEN querytree(q) END FROM (SELECT {query}) AS asked (q);

-- name: search
SELECT sent_at, message_id, thread_id FROM mail_search(
    %(query)s::tsquery, %(sieve)s::tsquery, %(mailboxes)s::bigint[], %(levels)s::integer[],
    %(doors)s::text[],
    %(scope)s::bigint[], %(person)s::bigint, %(unread)s, %(at)s, %(id)s, %(limit)s);
