-- Edits chat messages. Returns one row for each edit: its id, its target and its outcome.
-- The greater (timestamp, id) wins, in whichever order edits arrive. "C" compares bytes, like the
-- function and the page.
WITH edit AS (
    SELECT *
    FROM unnest(
        %(edit_ids)s::text[],
        %(target_ids)s::text[],
        %(client_ids)s::text[],
        %(contents)s::text[],
        %(timestamps_ms)s::bigint[]
    ) AS edit (edit_id, target_id, client_id, content, timestamp_ms)
),
applied AS (
    UPDATE public.chat_data AS chat
    SET
        msg_data = edit.content,
        is_edited = true,
        edited_at_timestamp = edit.timestamp_ms,
        edit_id = edit.edit_id
    FROM edit
    WHERE chat.msg_id = edit.target_id
        AND chat.client_id = edit.client_id
        AND (edit.timestamp_ms, edit.edit_id COLLATE "C")
            > (coalesce(chat.edited_at_timestamp, -1), coalesce(chat.edit_id, '') COLLATE "C")
    RETURNING edit.target_id, edit.client_id
)
SELECT
    edit.edit_id,
    edit.target_id,
    CASE
        WHEN applied.target_id IS NOT NULL THEN 'applied'
        WHEN chat.client_id = edit.client_id THEN 'superseded'
        WHEN chat.msg_id IS NOT NULL THEN 'refused'
        WHEN deleted.msg_id IS NOT NULL THEN 'superseded'
        ELSE 'missing'
    END AS outcome
FROM edit
LEFT JOIN applied
    ON applied.target_id = edit.target_id AND applied.client_id = edit.client_id
LEFT JOIN public.chat_data AS chat ON chat.msg_id = edit.target_id
LEFT JOIN public.chat_deleted AS deleted ON deleted.msg_id = edit.target_id;
