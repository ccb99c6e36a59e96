-- Takes work: the open batches that are due, where the caller expects any, and new batches of
-- channels that have none open.
-- Looks for messages in two ways: from `start` on, whatever their channel, and by the channels that
-- are known to have some, each from its own id on. Neither walks past what it does not take.
-- A message counts as Ably counts it: name, data and extras in bytes. One that is too large for any
-- batch gets one of its own, without its data, so that it is never carried around.
-- The first row is the sighting, every other one a message.
WITH due AS (
    SELECT id, channel, attempts, outbox_ids
    FROM ably.batch
    WHERE
        %(due)s -- decided before a row is read: all of the table is, or nothing
        AND next_attempt_at <= clock_timestamp()
        AND id <> ALL (%(in_hand)s::uuid[])
        AND (%(shards)s = 1 OR ably.shard_of(channel, %(shards)s) = %(shard)s)
    ORDER BY next_attempt_at
    LIMIT %(max_channels)s
),
look AS MATERIALIZED (
    -- A change that was committed late precedes the next of its row, which may be in this snapshot
    -- for the first time as well: so it has to be looked for in the same one.
    SELECT
        CASE
            WHEN EXISTS (
                SELECT
                FROM unnest(%(running)s::text[]) AS late (transaction)
                WHERE pg_visible_in_snapshot(late.transaction::xid8, pg_current_snapshot())
            ) THEN %(floor)s
            ELSE %(start)s
        END AS start
),
looked AS MATERIALIZED (
    SELECT id, channel
    FROM ably.outbox
    WHERE id >= (SELECT start FROM look)
    ORDER BY id
    LIMIT %(max_scanned)s
),
known AS MATERIALIZED (
    SELECT
        channel,
        CASE
            WHEN (SELECT count(*) FROM looked) < %(max_scanned)s THEN min(start)
            -- What the look did not get to may precede what is known of the channel.
            ELSE least(min(start), (SELECT start FROM look))
        END AS start
    FROM (
        SELECT channel, start
        FROM unnest(%(channels)s::text[], %(starts)s::bigint[]) AS waiting (channel, start)
        UNION ALL
        SELECT channel, id
        FROM looked
        WHERE %(shards)s = 1 OR ably.shard_of(channel, %(shards)s) = %(shard)s
    ) AS seen
    GROUP BY channel
),
asked AS MATERIALIZED (
    SELECT channel, start
    FROM known
    WHERE
        channel <> ALL (%(resting)s::text[])
        AND NOT EXISTS (SELECT FROM ably.batch WHERE batch.channel = known.channel)
        -- Who names as many as may be asked knows perhaps of more, and of earlier messages in them.
        AND (
            cardinality(%(channels)s::text[]) < %(max_channels)s
            OR channel = ANY (%(channels)s::text[])
        )
    ORDER BY start
    LIMIT %(max_channels)s
),
measured AS (
    SELECT
        message.id,
        asked.channel,
        row_number() OVER in_channel AS place,
        sum(message.bytes) OVER in_channel AS bytes_so_far
    FROM asked
    CROSS JOIN LATERAL (
        SELECT
            outbox.id,
            octet_length(outbox.data)
            + octet_length(coalesce(outbox.name, ''))
            + coalesce(octet_length(outbox.headers::text) + octet_length('{"headers":}'), 0)
                AS bytes
        FROM ably.outbox
        WHERE outbox.channel = asked.channel AND outbox.id >= asked.start
        ORDER BY outbox.id
        LIMIT %(max_messages)s + 1 -- one more than fits tells that there is a rest
    ) AS message
    WINDOW in_channel AS (PARTITION BY asked.channel ORDER BY message.id)
),
weighed AS MATERIALIZED (
    SELECT
        id,
        channel,
        place = 1 OR (place <= %(max_messages)s AND bytes_so_far <= %(max_bytes)s) AS fits
    FROM measured
),
claimed AS (
    INSERT INTO ably.batch (channel, outbox_ids)
    SELECT channel, array_agg(id ORDER BY id)
    FROM weighed
    WHERE fits
    GROUP BY channel
    RETURNING id, channel, attempts, outbox_ids
),
found AS (
    SELECT channel, start
    FROM known
    WHERE NOT EXISTS (SELECT FROM asked WHERE asked.channel = known.channel)
    UNION ALL
    SELECT channel, min(id) FROM weighed WHERE NOT fits GROUP BY channel
),
batch AS (
    SELECT id, channel, attempts, outbox_ids FROM due
    UNION ALL
    SELECT id, channel, attempts, outbox_ids FROM claimed
)
SELECT
    NULL::uuid,
    NULL AS channel,
    NULL::integer AS attempts,
    NULL::bigint AS outbox_id,
    NULL AS name,
    NULL AS data,
    NULL::jsonb AS headers,
    NULL::integer AS bytes,
    NULL::boolean AS truncated,
    NULL AS encoding,
    NULL AS problem,
    NULL::double precision AS waited_seconds,
    json_build_object(
        'found', (SELECT coalesce(json_object_agg(channel, start), '{}') FROM found),
        'asked', (SELECT coalesce(json_agg(channel), '[]') FROM asked),
        'top', coalesce((SELECT max(id) FROM looked), 0),
        'looked', (SELECT count(*) FROM looked),
        'looked_from', (SELECT start FROM look),
        'running', ARRAY(SELECT pg_snapshot_xip(snapshot.now)::text::bigint)
    ) AS sighting,
    NULL::bigint AS oldest,
    NULL::bigint AS place
FROM (SELECT pg_current_snapshot()) AS snapshot (now)
UNION ALL
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
    extract(epoch FROM clock_timestamp() - message.created_at)::double precision,
    NULL,
    batch.outbox_ids[1],
    member.place
FROM batch
CROSS JOIN LATERAL unnest(batch.outbox_ids) WITH ORDINALITY AS member (outbox_id, place)
LEFT JOIN LATERAL (
    SELECT *
    FROM ably.outbox
    WHERE outbox.channel = batch.channel AND outbox.id = member.outbox_id -- fits either index
    LIMIT 1 -- one by one: a join planned while the outbox was empty would read all of it
) AS message ON true
CROSS JOIN LATERAL (
    SELECT
        octet_length(message.data)
        + octet_length(coalesce(message.name, ''))
        + coalesce(octet_length(message.headers::text) + octet_length('{"headers":}'), 0) AS bytes
) AS size
ORDER BY oldest NULLS FIRST, place;
