-- Writes new chat messages in the given order. Returns one row for each new message.
-- A message that exists already or was deleted stays as it is.
INSERT INTO public.chat_data
    (username, msg_id, msg_data, client_id, created_at_timestamp, is_edited)
SELECT new.username, new.msg_id, new.content, new.client_id, new.timestamp_ms, false
FROM unnest(
    %(usernames)s::text[],
    %(message_ids)s::text[],
    %(contents)s::text[],
    %(client_ids)s::text[],
    %(timestamps_ms)s::bigint[]
) WITH ORDINALITY AS new (username, msg_id, content, client_id, timestamp_ms, position)
WHERE NOT EXISTS (
    SELECT FROM public.chat_deleted AS deleted WHERE deleted.msg_id = new.msg_id
)
ORDER BY new.position
ON CONFLICT (msg_id) DO NOTHING
RETURNING msg_id;
