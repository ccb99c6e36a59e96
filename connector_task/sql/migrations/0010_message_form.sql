-- What a mapping's options need: messages of another encoding, captures that had to do without
-- something, channels made of a row's values.
-- Locks: the outbox and the dead letters, against writers, for milliseconds.

ALTER TABLE ably.outbox
ADD COLUMN encoding text, -- Ably's: 'json' has clients get an object instead of a text
ADD COLUMN problem text, -- why the message is not quite as configured
-- The batches' index takes no longer value, and claims must not fail for one message.
ADD CONSTRAINT outbox_channel_fits CHECK (octet_length(channel) <= 2048) NOT VALID;

ALTER TABLE ably.dead_letter
ADD COLUMN encoding text;

-- A value as part of a channel's name: what JavaScript's encodeURIComponent makes of it, so that
-- clients can name the channel too and no value reaches another namespace. NULL is `null`. What is
-- longer than 256 characters ends with the MD5 of the whole instead.
CREATE FUNCTION ably.channel_part(value text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE
            WHEN length(encoded) <= 256 THEN encoded
            ELSE left(encoded, 223) || '-' || md5(encoded)
        END
    FROM (
        SELECT
            CASE
                WHEN value IS NULL THEN 'null'
                WHEN value ~ '^[A-Za-z0-9_.!~*''()-]*$' THEN value
                ELSE (
                    SELECT
                        string_agg(
                            CASE
                                WHEN chr(get_byte(bytes, place)) ~ '[A-Za-z0-9_.!~*''()-]'
                                    THEN chr(get_byte(bytes, place))
                                ELSE '%' || upper(lpad(to_hex(get_byte(bytes, place)), 2, '0'))
                            END,
                            '' ORDER BY place
                        )
                    FROM (SELECT convert_to(value, 'UTF8') AS bytes) AS converted
                    CROSS JOIN generate_series(0, octet_length(bytes) - 1) AS place
                )
            END AS encoded
    ) AS part
$$;

-- Like ably.publish, but clients get an object instead of a text.
CREATE FUNCTION ably.publish_json(
    channel text, name text, data jsonb, headers jsonb DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO ably.outbox (channel, name, data, encoding, headers)
    VALUES (
        publish_json.channel, publish_json.name, publish_json.data::text, 'json',
        publish_json.headers
    );
    PERFORM ably.wake(ARRAY[publish_json.channel]);
END
$$;

REVOKE ALL ON FUNCTION ably.publish_json(text, text, jsonb, jsonb) FROM PUBLIC;

COMMENT ON FUNCTION ably.publish_json(text, text, jsonb, jsonb) IS
    'Sends a JSON message to an Ably channel once the calling transaction has committed. '
    'Grant USAGE on schema ably and EXECUTE on this function to the roles that may.';
