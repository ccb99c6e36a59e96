-- Takes part, once, and counts all who do: those before this session, and all.
SELECT pg_advisory_lock_shared(%(application)s, %(member)s)
WHERE NOT EXISTS (
    SELECT FROM pg_locks
    WHERE
        locktype = 'advisory'
        AND pid = pg_backend_pid()
        AND classid::bigint = %(application)s
        AND objid::bigint = %(member)s
);
SELECT count(*) FILTER (WHERE pid < pg_backend_pid()), count(*)
FROM pg_locks
WHERE
    locktype = 'advisory'
    AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid::bigint = %(application)s
    AND objid::bigint = %(member)s
    AND objsubid = 2;
