-- Forgets batches that Ably has accepted, and their messages.
WITH accepted AS (
    DELETE FROM ably.batch
    WHERE id = ANY (%(accepted)s::uuid[])
    RETURNING outbox_ids
)
DELETE FROM ably.outbox
WHERE id = ANY (ARRAY(SELECT unnest(outbox_ids) FROM accepted));
