-- Puts batches off that failed for a passing cause; they keep their ids and messages.
UPDATE ably.batch AS batch
SET
    attempts = batch.attempts + 1,
    next_attempt_at = clock_timestamp() + failed.delay_seconds * interval '1 second',
    last_error = failed.error
FROM unnest(
    %(postponed)s::uuid[], %(delays)s::double precision[], %(postponed_errors)s::text[]
) AS failed (id, delay_seconds, error)
WHERE batch.id = failed.id;
