-- A tombstone for each deleted message, so that a late or repeated delivery of the message or of
-- an edit does not bring it back. Lock: none on existing tables.
CREATE TABLE IF NOT EXISTS public.chat_deleted (
    msg_id text CONSTRAINT chat_deleted_pkey PRIMARY KEY,
    client_id text NOT NULL,
    deleted_at_timestamp bigint NOT NULL,
    delete_id text NOT NULL
);

COMMENT ON TABLE public.chat_deleted IS 'Ids of deleted chat messages, which never come back';
