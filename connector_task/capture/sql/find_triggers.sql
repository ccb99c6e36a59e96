-- The triggers that are the connector's: by the function they call, wherever their table went and
-- whatever it is called now. Those of the original connector call its one function, ably_notify.
SELECT
    trigger.tgrelid,
    namespace.nspname,
    class.relname,
    trigger.tgname,
    function.proname,
    trigger.tgenabled <> 'D',
    trigger.tgoldtable IS NOT NULL AND trigger.tgnewtable IS NOT NULL,
    pg_has_role(class.relowner, 'USAGE')
FROM pg_trigger AS trigger
JOIN pg_class AS class ON class.oid = trigger.tgrelid
JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
JOIN pg_proc AS function ON function.oid = trigger.tgfoid
JOIN pg_namespace AS function_namespace ON function_namespace.oid = function.pronamespace
WHERE
    NOT trigger.tgisinternal
    AND (
        (function_namespace.nspname = 'ably' AND function.proname ~ '^capture_\d+_[a-z]+$')
        OR (
            function.proname = 'ably_notify'
            AND function.prosrc LIKE '%table_update%'
            AND function_namespace.nspname = ANY (current_setting('ably.schemas')::name[])
            AND trigger.tgname ~ '_notify_(insert|update|delete)$'
        )
    )
ORDER BY namespace.nspname, class.relname, trigger.tgname;
