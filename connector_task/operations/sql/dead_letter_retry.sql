-- Puts dead letters back into the outbox, in their order, behind whatever waits there.
WITH taken AS (
    DELETE FROM ably.dead_letter
    WHERE
        (%(ids)s::bigint[] IS NULL OR outbox_id = ANY (%(ids)s::bigint[]))
        AND (%(channel)s::text IS NULL OR channel = %(channel)s)
    RETURNING outbox_id, channel, name, data, encoding, headers
)
INSERT INTO ably.outbox (channel, name, data, encoding, headers)
SELECT channel, name, data, encoding, headers
FROM taken
ORDER BY outbox_id;
