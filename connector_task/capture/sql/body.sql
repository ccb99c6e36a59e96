#variable_conflict use_variable
-- A table may have columns of any name, tg_op and changed among them.
-- Every writer waits for this once a statement: what it saves in set-up is theirs.
DECLARE
    head text := format('{{"table" : %s, "type" : "%s", "row" : ', to_json({table}), TG_OP);
BEGIN
    {guard}
    INSERT INTO ably.outbox (channel, name, data, truncated)
    SELECT
        target.channel,
        TG_OP,
        CASE
            WHEN octet_length(event.data) <= {max_bytes} THEN event.data
            ELSE ably.truncated_message({table}, TG_OP, event.data::json -> 'row', {key}::text[])
        END,
        octet_length(event.data) > {max_bytes}
    FROM (
        SELECT head || row_to_json(changed.*)::text || '}}' AS data
        FROM changed
        OFFSET 0 -- keeps the planner from building the text once per use
    ) AS event
    CROSS JOIN (VALUES {channels}) AS target (channel);
    IF FOUND THEN
        {wake}
    END IF;
    RETURN NULL;
END
