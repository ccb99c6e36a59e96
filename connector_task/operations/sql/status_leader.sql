-- The sessions that hold a leader's lock, by shard.
SELECT
    lock.pid,
    host(session.client_addr),
    session.backend_start,
    (lock.objid::bigint - %(leadership)s)::integer
FROM pg_locks AS lock
LEFT JOIN pg_stat_activity AS session ON session.pid = lock.pid
WHERE
    lock.locktype = 'advisory'
    AND lock.granted
    AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND lock.classid::bigint = %(application)s
    AND lock.objid::bigint >= %(leadership)s
    AND lock.objid::bigint < %(leadership)s + 32
    AND lock.objsubid = 2
ORDER BY lock.objid::bigint;
