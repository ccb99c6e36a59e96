-- The original connector's function, where nothing uses it any more.
SELECT namespace.nspname, function.proname
FROM pg_proc AS function
JOIN pg_namespace AS namespace ON namespace.oid = function.pronamespace
WHERE
    function.proname = 'ably_notify'
    AND function.pronargs = 0
    AND function.prosrc LIKE '%table_update%'
    AND namespace.nspname = ANY (current_setting('ably.schemas')::name[])
    AND NOT EXISTS (SELECT FROM pg_trigger WHERE pg_trigger.tgfoid = function.oid);
