-- Tells writers whether this relay is awake. The state is a sequence because its value is read and
-- written in place: everyone sees it at once whatever their snapshot, and it leaves no dead rows.
-- It holds the number of shards, a bit for each that is awake, and lowest a bit for all of them.
SELECT pg_advisory_xact_lock(%(application)s, %(awake_lock)s);
SELECT
    setval(
        'ably.awake',
        (%(shards)s::bigint << 40)
        | (awake.bits << 1)
        | CASE WHEN awake.bits = (1::bigint << %(shards)s) - 1 THEN 1 ELSE 0 END
    )
FROM (SELECT pg_sequence_last_value('ably.awake')) AS before (state)
CROSS JOIN LATERAL (
    SELECT CASE WHEN state >> 40 = %(shards)s THEN (state >> 1) & 4294967295 ELSE 0 END
) AS former (bits)
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN %(is_awake)s THEN former.bits | (1::bigint << %(shard)s)
            ELSE former.bits & ~(1::bigint << %(shard)s)
        END
) AS awake (bits);
