-- What an installation would use, and a role owns that could make it run code: the schema, a function
-- or table in it, the control table. Trusted are the installing role and those whose rights it has,
-- superusers, the database's owner, and the owners of captured tables, which can run code anyway.
-- That a superuser has the rights of every role makes no role trusted.
WITH installing AS (
    SELECT oid, rolname, rolsuper FROM pg_roles WHERE rolname = current_user
),
trusted AS (
    SELECT role.oid
    FROM pg_roles AS role
    CROSS JOIN installing
    WHERE
        role.rolsuper
        OR role.oid = installing.oid
        OR (NOT installing.rolsuper AND pg_has_role(role.oid, 'USAGE'))
    UNION
    SELECT datdba FROM pg_database WHERE datname = current_database()
    UNION
    SELECT relowner FROM pg_class WHERE oid = ANY (%(tables)s::oid[])
),
used AS (
    SELECT
        'schema ably' AS thing,
        nspowner AS owner,
        'make it yours (ALTER SCHEMA ably OWNER TO …)' AS remedy
    FROM pg_namespace
    WHERE nspname = 'ably'
    UNION ALL
    SELECT format('function %%s', function.oid::regprocedure), proowner, 'drop it'
    FROM pg_proc AS function
    JOIN pg_namespace AS namespace ON namespace.oid = function.pronamespace
    WHERE nspname = 'ably' AND nspowner IN (SELECT oid FROM trusted)
    UNION ALL
    SELECT format('table %%s', class.oid::regclass), relowner, 'drop it'
    FROM pg_class AS class
    JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
    WHERE
        nspname = 'ably'
        AND class.relkind IN ('r', 'v', 'm', 'f', 'p', 'S')
        AND nspowner IN (SELECT oid FROM trusted)
    UNION ALL
    SELECT 'table public.ablycontroltable', relowner, 'drop it; `install` creates it again'
    FROM pg_class
    WHERE oid = to_regclass('public.ablycontroltable')
)
SELECT used.thing, used.owner::regrole::text, installing.rolname, used.remedy
FROM used
CROSS JOIN installing
WHERE used.owner NOT IN (SELECT oid FROM trusted)
ORDER BY used.thing;
