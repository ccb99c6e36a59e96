-- The open batches that have failed at least once.
SELECT
    channel,
    cardinality(outbox_ids),
    attempts,
    greatest(0, extract(epoch FROM next_attempt_at - clock_timestamp()))::double precision,
    coalesce(last_error, '')
FROM ably.batch
WHERE attempts > 0
ORDER BY attempts DESC, channel;
