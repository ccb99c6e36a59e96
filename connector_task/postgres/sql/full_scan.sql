-- Finds every channel that has messages, and its first one, from channel to channel by the index:
-- what lies between the first messages is not walked past.
WITH RECURSIVE first_of AS (
    (SELECT channel, id FROM ably.outbox ORDER BY channel, id LIMIT 1)
    UNION ALL
    SELECT following.channel, following.id
    FROM first_of
    CROSS JOIN LATERAL (
        SELECT outbox.channel, outbox.id
        FROM ably.outbox
        WHERE outbox.channel > first_of.channel
        ORDER BY outbox.channel, outbox.id
        LIMIT 1
    ) AS following
)
SELECT
    json_build_object(
        'found', (
            SELECT coalesce(json_object_agg(channel, id), '{}')
            FROM first_of
            WHERE %(shards)s = 1 OR ably.shard_of(channel, %(shards)s) = %(shard)s
        ),
        'running', ARRAY(SELECT pg_snapshot_xip(snapshot.now)::text::bigint)
    )
FROM (SELECT pg_current_snapshot()) AS snapshot (now);
