-- Forgets dead letters.
DELETE FROM ably.dead_letter
WHERE
    (%(ids)s::bigint[] IS NULL OR outbox_id = ANY (%(ids)s::bigint[]))
    AND (%(channel)s::text IS NULL OR channel = %(channel)s);
