-- Takes back what would let other roles run code as the owner of schema ably, read its messages or
-- hold up its migrations. At every installation, because CREATE OR REPLACE keeps a function's rights,
-- and default privileges may have given new objects more. What stays is what an operator has granted
-- to a role by name, such as EXECUTE on ably.publish, but for two rights that no other role can use
-- well: EXECUTE on a trigger's function, and CREATE in the schema, by which a role could put a
-- function in the place of one that captures call.
-- Locks: none that anyone could wait for; nothing is written where there is nothing to take back.
DO $$
DECLARE
    revocation text;
BEGIN
    FOR revocation IN
        SELECT
            format(
                'REVOKE %s ON %s FROM %s CASCADE',
                held.rights,
                held.object,
                CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE held.grantee::regrole::text END
            )
        FROM (
            SELECT 'CREATE' AS rights, 'SCHEMA ably' AS object, nspowner AS owner, acl.grantee
            FROM pg_namespace
            CROSS JOIN LATERAL aclexplode(nspacl) AS acl
            WHERE nspname = 'ably' AND acl.privilege_type = 'CREATE'
            UNION ALL
            SELECT 'ALL', format('FUNCTION %s', function.oid::regprocedure), proowner, acl.grantee
            FROM pg_proc AS function
            CROSS JOIN LATERAL aclexplode(coalesce(proacl, acldefault('f', proowner))) AS acl
            WHERE
                pronamespace = 'ably'::regnamespace
                AND (acl.grantee = 0 OR prorettype = 'trigger'::regtype)
            UNION ALL
            SELECT
                'ALL',
                format(
                    '%s %s', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass
                ),
                relowner,
                acl.grantee
            FROM pg_class
            CROSS JOIN LATERAL aclexplode(relacl) AS acl
            WHERE
                relnamespace = 'ably'::regnamespace
                AND relkind IN ('r', 'S')
                AND acl.grantee = 0
            UNION ALL
            -- A table elsewhere with a column of a table's row type keeps that table from changing.
            SELECT 'ALL', format('TYPE %s', type.oid::regtype), typowner, acl.grantee
            FROM pg_type AS type
            JOIN pg_class AS class ON class.oid = type.typrelid AND class.relkind = 'r'
            CROSS JOIN LATERAL aclexplode(coalesce(typacl, acldefault('T', typowner))) AS acl
            WHERE typnamespace = 'ably'::regnamespace AND acl.grantee = 0
        ) AS held
        WHERE held.grantee <> held.owner AND pg_has_role(held.owner, 'USAGE')
    LOOP
        EXECUTE revocation;
    END LOOP;
END
$$;
