INSERT INTO ably.outbox (channel, name, data, encoding, headers, truncated, problem)
SELECT
    event.channel,
    event.name,
    CASE
        WHEN size.fits THEN message.data
        ELSE ably.truncated_message({table}, event.name, event.row_json, {key}::text[])
    END,
    {encoding},
    CASE WHEN size.fits OR size.header_bytes <= 16384 THEN event.headers END,
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
    SELECT
        header.bytes AS header_bytes,
        octet_length(message.data) + octet_length(event.name) + header.bytes <= {max_bytes} AS fits
    FROM (
        SELECT coalesce(octet_length(event.headers::text) + octet_length('{{"headers":}}'), 0)
            AS bytes
    ) AS header
) AS size
ORDER BY event.place, event.step;
