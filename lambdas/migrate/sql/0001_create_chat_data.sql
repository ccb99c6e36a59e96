-- The chat table, or the one that the original connector's demo has left, taken over in place.
-- Lock: ACCESS EXCLUSIVE on an existing table, for no rewrite of it, so for milliseconds.
CREATE SEQUENCE IF NOT EXISTS public.chat_data_incremental_record_id_seq AS bigint;

CREATE TABLE IF NOT EXISTS public.chat_data (
    username text,
    msg_id text CONSTRAINT chat_data_pkey PRIMARY KEY,
    msg_data text,
    client_id text,
    incremental_record_id bigint NOT NULL
        DEFAULT nextval('public.chat_data_incremental_record_id_seq'),
    created_at_timestamp bigint,
    is_edited boolean
);

-- A table that numbers its rows in a way of its own keeps it; ours then goes unused.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM information_schema.columns
        WHERE table_schema = 'public'
            AND table_name = 'chat_data'
            AND column_name = 'incremental_record_id'
            AND column_default IS NULL
            AND is_identity = 'NO'
    ) THEN
        PERFORM setval(
            'public.chat_data_incremental_record_id_seq',
            (SELECT coalesce(max(incremental_record_id), 0) + 1 FROM public.chat_data),
            false
        );
        ALTER TABLE public.chat_data ALTER COLUMN incremental_record_id
            SET DEFAULT nextval('public.chat_data_incremental_record_id_seq');
    END IF;
END
$$;
