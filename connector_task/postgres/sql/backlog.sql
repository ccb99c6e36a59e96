-- How much waits, and for how long. Exact up to 10,000 messages, beyond that the span of the ids,
-- which a rolled-back transaction makes a little too wide: counting a million would not be cheap.
SELECT
    CASE
        WHEN counted.messages < 10000 THEN counted.messages
        ELSE coalesce((SELECT max(id) - min(id) + 1 FROM ably.outbox), 0)
    END,
    coalesce(
        (
            SELECT extract(epoch FROM clock_timestamp() - created_at)
            FROM ably.outbox
            ORDER BY id
            LIMIT 1
        ),
        0
    )::double precision
FROM (
    SELECT count(*) AS messages FROM (SELECT FROM ably.outbox LIMIT 10000) AS oldest
) AS counted;
