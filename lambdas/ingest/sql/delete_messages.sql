-- Deletes chat messages and leaves a tombstone for each. Returns one row for each delete: its id,
-- its target and its outcome.
WITH removal AS (
    SELECT *
    FROM unnest(
        %(delete_ids)s::text[],
        %(target_ids)s::text[],
        %(client_ids)s::text[],
        %(timestamps_ms)s::bigint[]
    ) AS removal (delete_id, target_id, client_id, timestamp_ms)
),
removed AS (
    DELETE FROM public.chat_data AS chat
    USING removal
    WHERE chat.msg_id = removal.target_id
        AND chat.client_id = removal.client_id
    RETURNING removal.delete_id, removal.target_id, removal.client_id, removal.timestamp_ms
),
tombstone AS (
    INSERT INTO public.chat_deleted (msg_id, client_id, deleted_at_timestamp, delete_id)
    SELECT target_id, client_id, timestamp_ms, delete_id FROM removed
)
SELECT
    removal.delete_id,
    removal.target_id,
    CASE
        WHEN removed.target_id IS NOT NULL THEN 'applied'
        WHEN chat.msg_id IS NOT NULL THEN 'refused'
        WHEN deleted.msg_id IS NOT NULL THEN 'superseded'
        ELSE 'missing'
    END AS outcome
FROM removal
LEFT JOIN removed
    ON removed.target_id = removal.target_id AND removed.client_id = removal.client_id
LEFT JOIN public.chat_data AS chat ON chat.msg_id = removal.target_id
LEFT JOIN public.chat_deleted AS deleted ON deleted.msg_id = removal.target_id;
