-- The superusers as which functions of schema ably run, or would if this session installed them.
SELECT role.rolname
FROM pg_roles AS role
WHERE
    role.rolsuper
    AND (
        role.rolname = current_user
        OR EXISTS (
            SELECT FROM pg_proc AS function
            JOIN pg_namespace AS namespace ON namespace.oid = function.pronamespace
            WHERE namespace.nspname = 'ably' AND function.prosecdef AND function.proowner = role.oid
        )
    )
ORDER BY role.rolname;
