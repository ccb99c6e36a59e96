-- Leadership of a shard is held by the session that has its lock, and ends with that session.
-- Beside it every leader holds a lock that says into how many shards it divides the channels: while
-- some divide them otherwise, nobody of another mind may lead. The first lock makes the look at the
-- others and the taking one step.
SELECT pg_advisory_xact_lock(%(application)s, %(mutex)s);
SELECT CASE
    WHEN EXISTS (
        SELECT FROM pg_locks
        WHERE
            locktype = 'advisory'
            AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND classid::bigint = %(application)s
            AND objid::bigint > %(division)s
            AND objid::bigint <= %(division)s + %(max_shards)s
            AND objid::bigint <> %(division)s + %(shards)s
            AND objsubid = 2
    ) THEN false
    WHEN pg_try_advisory_lock(%(application)s, %(leadership)s + %(shard)s)
        THEN pg_try_advisory_lock_shared(%(application)s, %(division)s + %(shards)s)
    ELSE false
END;
