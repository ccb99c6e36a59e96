#variable_conflict use_variable
-- A table may have columns of any name, tg_op and changed among them.
BEGIN
    INSERT INTO ably.outbox (channel, name, data, truncated)
    SELECT
        target.channel,
        TG_OP,
        CASE
            WHEN octet_length(event.data) <= {max_bytes} THEN event.data
            ELSE json_build_object(
                'table', {table},
                'type', TG_OP,
                'row', (
                    -- By name at run time: the key's columns may be renamed or dropped.
                    SELECT coalesce(json_object_agg(field.key, field.value), '{{}}'::json)
                    FROM json_each(row_to_json(changed.*)) AS field
                    WHERE field.key = ANY ({key}::text[])
                ),
                'truncated', true
            )::text
        END,
        octet_length(event.data) > {max_bytes}
    FROM changed
    CROSS JOIN LATERAL (
        SELECT json_build_object(
            'table', {table}, 'type', TG_OP, 'row', row_to_json(changed.*)
        )::text AS data
        OFFSET 0 -- keeps the planner from building the text once per use
    ) AS event
    CROSS JOIN unnest({channels}) AS target (channel);
    IF FOUND THEN
        {wake}
    END IF;
    RETURN NULL;
END
