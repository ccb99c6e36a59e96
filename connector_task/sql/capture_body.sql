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
                'table', TG_TABLE_NAME, 'type', TG_OP, 'row', {key}, 'truncated', true
            )::text
        END,
        octet_length(event.data) > {max_bytes}
    FROM changed
    CROSS JOIN LATERAL (
        SELECT json_build_object(
            'table', TG_TABLE_NAME, 'type', TG_OP, 'row', row_to_json(changed.*)
        )::text AS data
        OFFSET 0 -- keeps the planner from building the text once per use
    ) AS event
    CROSS JOIN unnest({channels}) AS target (channel);
    IF FOUND THEN
        PERFORM pg_notify('table_update', '');
    END IF;
    RETURN NULL;
END
