-- Ably's timestamp and message id of the edit that won, so that a late or repeated edit is known
-- for what it is. Nullable and after the seven columns of old, which a published row begins with.
-- Lock: ACCESS EXCLUSIVE, no rewrite, milliseconds.
ALTER TABLE public.chat_data
    ADD COLUMN IF NOT EXISTS edited_at_timestamp bigint,
    ADD COLUMN IF NOT EXISTS edit_id text;

COMMENT ON COLUMN public.chat_data.edited_at_timestamp IS 'Ably time of the edit that won, ms';
COMMENT ON COLUMN public.chat_data.edit_id IS 'Ably id of the edit that won; breaks ties in time';
