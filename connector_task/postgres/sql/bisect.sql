-- Shortens refused batches to their first messages; the others are unclaimed again.
-- Nothing of them was published, so a new id is safe, and the old one must not be used again.
UPDATE ably.batch AS batch
SET
    id = gen_random_uuid(),
    outbox_ids = batch.outbox_ids[1:refused.keep],
    attempts = batch.attempts + 1,
    next_attempt_at = clock_timestamp(),
    last_error = refused.error
FROM unnest(
    %(narrowed)s::uuid[], %(keeps)s::integer[], %(narrowed_errors)s::text[]
) AS refused (id, keep, error)
WHERE batch.id = refused.id;
