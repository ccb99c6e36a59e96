-- Moves the messages of batches that Ably will never accept to the dead letters.
WITH refused AS (
    DELETE FROM ably.batch AS batch
    USING unnest(
        %(buried)s::uuid[], %(codes)s::text[], %(buried_errors)s::text[]
    ) AS verdict (id, error_code, error)
    WHERE batch.id = verdict.id
    RETURNING batch.outbox_ids, verdict.error_code, verdict.error
),
moved AS (
    DELETE FROM ably.outbox AS message
    USING (SELECT unnest(outbox_ids) AS id, error_code, error FROM refused) AS verdict
    WHERE message.id = verdict.id
    RETURNING message.*, verdict.error_code, verdict.error
)
INSERT INTO ably.dead_letter
    (outbox_id, channel, name, data, encoding, headers, error_code, error, created_at)
SELECT id, channel, name, data, encoding, headers, error_code, error, created_at
FROM moved;
