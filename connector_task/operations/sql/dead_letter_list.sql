-- Dead letters, oldest first, without what they say.
SELECT outbox_id, channel, name, octet_length(data), error_code, error, dead_lettered_at
FROM ably.dead_letter
WHERE
    (%(ids)s::bigint[] IS NULL OR outbox_id = ANY (%(ids)s::bigint[]))
    AND (%(channel)s::text IS NULL OR channel = %(channel)s)
ORDER BY outbox_id
LIMIT %(limit)s;
