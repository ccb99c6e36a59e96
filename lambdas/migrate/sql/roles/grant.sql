-- Grants ingest and history their privileges again at every deploy; runs as the owner. The trigger
-- functions run with their owner's privileges, so a writer of the chat needs none on schema ably.
-- Locks: none that block another session.
REVOKE ALL ON public.chat_data, public.chat_deleted FROM ably_chat;

GRANT
    SELECT,
    INSERT (username, msg_id, msg_data, client_id, created_at_timestamp, is_edited),
    UPDATE (msg_data, is_edited, edited_at_timestamp, edit_id),
    DELETE
ON public.chat_data TO ably_chat;

GRANT SELECT, INSERT ON public.chat_deleted TO ably_chat;

-- The sequence that numbers the messages: ours, or that of a table that existed before.
DO $$
DECLARE
    numbering regclass;
BEGIN
    FOR numbering IN
        SELECT dependency.refobjid::regclass
        FROM pg_attrdef AS expression
        JOIN pg_depend AS dependency
            ON dependency.classid = 'pg_attrdef'::regclass AND dependency.objid = expression.oid
        JOIN pg_class AS class ON class.oid = dependency.refobjid AND class.relkind = 'S'
        WHERE
            expression.adrelid = 'public.chat_data'::regclass
            AND dependency.refclassid = 'pg_class'::regclass
    LOOP
        EXECUTE format('GRANT USAGE ON SEQUENCE %s TO ably_chat', numbering);
    END LOOP;
END
$$;
