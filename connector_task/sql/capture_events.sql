INSERT INTO ably.outbox (channel, name, data, encoding, headers, truncated, problem)
SELECT
    event.channel,
    event.name,
    CASE
        WHEN size.fits THEN message.data
        ELSE json_build_object(
            'table', {table},
            'type', event.name,
            'row', (
                SELECT coalesce(json_object_agg(field.key, field.value), '{{}}'::json)
                FROM json_each(event.row_json) AS field
                WHERE field.key = ANY ({key}::text[])
            ),
            'truncated', true
        )::text
    END,
    {encoding},
    event.headers,
    NOT size.fits,
    event.problem
FROM (
    {changes}
) AS event
CROSS JOIN LATERAL (
    SELECT ({message})::text AS data
    OFFSET 0 -- keeps the planner from building the text once per use
) AS message
CROSS JOIN LATERAL (
    SELECT octet_length(message.data) + octet_length(event.name)
        + coalesce(octet_length(event.headers::text) + octet_length('{{"headers":}}'), 0)
        <= {max_bytes} AS fits
) AS size
ORDER BY event.place, event.step;
