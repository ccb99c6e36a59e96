-- Transfers to the owner the objects that an earlier release or the original connector created as
-- another role. Functions are transferred only from a trusted role, because they run as their owner
-- or are called by functions that do: otherwise any role that may create a function could run it as
-- the owner. The connector's `install` refuses what remains.
-- Lock: ACCESS EXCLUSIVE on each table that changes hands, milliseconds.
DO $$
DECLARE
    handover text;
BEGIN
    FOR handover IN
        WITH trusted AS (
            SELECT oid FROM pg_roles WHERE rolsuper OR rolname = current_user
            UNION
            SELECT datdba FROM pg_database WHERE datname = current_database()
            UNION
            SELECT relowner FROM pg_class WHERE oid = to_regclass('public.chat_data')
        )
        SELECT format('ALTER SCHEMA %I OWNER TO ably_owner', nspname)
        FROM pg_namespace
        WHERE
            nspname = 'ably'
            AND nspowner <> 'ably_owner'::regrole
            AND nspowner IN (SELECT oid FROM trusted)
        UNION ALL
        SELECT format('ALTER TABLE %I.%I OWNER TO ably_owner', namespace.nspname, class.relname)
        FROM pg_class AS class
        JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
        WHERE
            class.relkind IN ('r', 'p', 'S')
            AND class.relowner <> 'ably_owner'::regrole
            AND (
                (namespace.nspname = 'ably' AND class.relowner IN (SELECT oid FROM trusted))
                OR (
                    namespace.nspname = 'public'
                    AND class.relname IN (
                        'chat_data',
                        'chat_data_incremental_record_id_seq',
                        'chat_deleted',
                        'chat_migration',
                        'ablycontroltable'
                    )
                )
                OR class.oid IN (
                    -- The sequence that numbers the messages of a table that existed before.
                    SELECT dependency.refobjid
                    FROM pg_attrdef AS expression
                    JOIN pg_depend AS dependency
                        ON
                            dependency.classid = 'pg_attrdef'::regclass
                            AND dependency.objid = expression.oid
                            AND dependency.refclassid = 'pg_class'::regclass
                    WHERE expression.adrelid = to_regclass('public.chat_data')
                )
            )
            -- A column's own sequence goes with its table.
            AND NOT EXISTS (
                SELECT FROM pg_depend
                WHERE
                    pg_depend.classid = 'pg_class'::regclass
                    AND pg_depend.objid = class.oid
                    AND pg_depend.refclassid = 'pg_class'::regclass
                    AND pg_depend.deptype IN ('a', 'i')
                    AND class.relkind = 'S'
            )
        UNION ALL
        SELECT format('ALTER FUNCTION %s OWNER TO ably_owner', function.oid::regprocedure)
        FROM pg_proc AS function
        JOIN pg_namespace AS namespace ON namespace.oid = function.pronamespace
        WHERE
            function.proowner <> 'ably_owner'::regrole
            AND (
                (namespace.nspname = 'ably' AND function.proowner IN (SELECT oid FROM trusted))
                OR (
                    namespace.nspname = 'public'
                    AND function.proname = 'ably_notify'
                    AND NOT function.prosecdef -- as the original makes it
                )
            )
    LOOP
        EXECUTE handover;
    END LOOP;
END
$$;
