-- The trigger functions that are the connector's, with their bodies.
SELECT function.proname, function.prosrc
FROM pg_proc AS function
JOIN pg_namespace AS namespace ON namespace.oid = function.pronamespace
WHERE namespace.nspname = 'ably' AND function.proname ~ '^capture_\d+_[a-z]+$';
