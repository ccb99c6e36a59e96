BEGIN
    {guard}
    INSERT INTO ably.outbox (channel, name, data, encoding, headers)
    SELECT
        target.channel,
        TG_OP,
        json_build_object('table', TG_TABLE_NAME, 'type', TG_OP, 'row', NULL)::text,
        target.encoding,
        target.headers
    FROM unnest(
        {channels}::text[], {encodings}::text[], {headers}::jsonb[]
    ) AS target (channel, encoding, headers);
    {wake}
    RETURN NULL;
END
