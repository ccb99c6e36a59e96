-- One page of messages, newest first, with numbers below a given one.
-- The columns are in the table's order, as the connector publishes them.
SELECT
    username,
    msg_id,
    msg_data,
    client_id,
    incremental_record_id,
    created_at_timestamp,
    is_edited,
    edited_at_timestamp,
    edit_id
FROM public.chat_data
WHERE incremental_record_id < %(before)s::bigint
ORDER BY incremental_record_id DESC
LIMIT %(limit)s::int;
