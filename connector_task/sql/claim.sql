-- Takes work: the open batches that are due, and new batches of channels that have none open.
-- A message counts as Ably counts it: name, data and extras in bytes. One that is too large for any
-- batch gets one of its own, without its data, so that it is never carried around.
WITH due AS (
    SELECT id, channel, attempts, outbox_ids
    FROM ably.batch
    WHERE
        next_attempt_at <= clock_timestamp()
        AND id <> ALL (%(in_flight)s::uuid[])
    ORDER BY next_attempt_at
    LIMIT %(max_channels)s
),
oldest AS MATERIALIZED (
    SELECT
        message.id,
        message.channel,
        octet_length(message.data)
        + octet_length(coalesce(message.name, ''))
        + coalesce(octet_length(message.headers::text) + octet_length('{"headers":}'), 0) AS bytes
    FROM ably.outbox AS message
    WHERE NOT EXISTS (SELECT FROM ably.batch WHERE batch.channel = message.channel)
    ORDER BY message.id
    LIMIT %(max_scanned)s
),
measured AS (
    SELECT
        id,
        channel,
        row_number() OVER in_channel AS place,
        sum(bytes) OVER in_channel AS bytes_so_far
    FROM oldest
    WINDOW in_channel AS (PARTITION BY channel ORDER BY id)
),
claimed AS (
    INSERT INTO ably.batch (channel, outbox_ids)
    SELECT channel, array_agg(id ORDER BY id)
    FROM measured
    WHERE
        place = 1
        OR (place <= %(max_messages)s AND bytes_so_far <= %(max_bytes)s)
    GROUP BY channel
    ORDER BY min(id)
    LIMIT %(max_channels)s
    RETURNING id, channel, attempts, outbox_ids
),
batch AS (
    SELECT * FROM due
    UNION ALL
    SELECT * FROM claimed
)
SELECT
    batch.id,
    batch.channel,
    batch.attempts,
    message.id,
    message.name,
    CASE WHEN size.bytes <= %(max_bytes)s THEN message.data END,
    message.headers,
    size.bytes,
    message.truncated,
    message.encoding,
    message.problem,
    extract(epoch FROM clock_timestamp() - message.created_at)::double precision
FROM batch
CROSS JOIN LATERAL unnest(batch.outbox_ids) WITH ORDINALITY AS member (outbox_id, place)
LEFT JOIN ably.outbox AS message ON message.id = member.outbox_id
CROSS JOIN LATERAL (
    SELECT
        octet_length(message.data)
        + octet_length(coalesce(message.name, ''))
        + coalesce(octet_length(message.headers::text) + octet_length('{"headers":}'), 0) AS bytes
) AS size
ORDER BY batch.outbox_ids[1], member.place;
