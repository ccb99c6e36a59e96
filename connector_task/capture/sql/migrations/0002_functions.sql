-- What captures call, what applications call, and what both ask: is the relay awake?
-- Locks: none. Time: milliseconds.

-- The number of shards, shifted by 40; a bit for each that is awake, from the second on; and in the
-- lowest bit, whether all of them are. announce.sql writes it.
CREATE SEQUENCE ably.awake MINVALUE 0;
SELECT setval('ably.awake', 0);

-- The shard of a channel. All of the application's parts must agree on it, and on nothing else.
CREATE FUNCTION ably.shard_of(channel text, shards integer)
RETURNS integer
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$
    SELECT ((hashtextextended(channel, 0) % shards + shards) % shards)::integer
$$;

-- Called by whoever has written to the outbox, after that. NULL stands for any channels.
CREATE FUNCTION ably.wake(channels text[] DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state bigint := coalesce(pg_sequence_last_value('ably.awake'), 0);
    shards bigint := state >> 40;
BEGIN
    IF state & 1 = 1 THEN
        RETURN;
    END IF;
    IF shards > 1 AND channels IS NOT NULL AND (
        SELECT bool_and((state >> (1 + ably.shard_of(channel, shards::integer))) & 1 = 1)
        FROM unnest(channels) AS touched (channel)
    ) THEN
        RETURN;
    END IF;
    PERFORM pg_notify('table_update', '');
END
$$;

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

-- What is sent in place of a row that is too large: its key, by name at run time, because the key's
-- columns may have been renamed or dropped since the capture was installed. In plpgsql, so that
-- captures do not have it in their own plans, which are set up once a statement.
CREATE FUNCTION ably.truncated_message(table_name text, operation text, whole json, key text[])
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN json_build_object(
        'table', table_name,
        'type', operation,
        'row', (
            SELECT coalesce(json_object_agg(field.key, field.value), '{}'::json)
            FROM json_each(whole) AS field
            WHERE field.key = ANY (truncated_message.key)
        ),
        'truncated', true
    );
END
$$;

-- The way of an application's own message to the outbox.
CREATE FUNCTION ably.enqueue(channel text, name text, data text, encoding text, headers jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF octet_length(enqueue.channel) NOT BETWEEN 1 AND 2048 THEN
        -- The batches' index takes no longer value, and claims must not fail for one message.
        RAISE invalid_parameter_value USING MESSAGE = 'channel must have 1 to 2048 bytes';
    END IF;
    IF jsonb_typeof(enqueue.headers) <> 'object' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'headers must be an object';
    END IF;
    PERFORM pg_current_xact_id(); -- before the message draws its id: see the relay's essay
    INSERT INTO ably.outbox (channel, name, data, encoding, headers)
    VALUES (
        enqueue.channel, enqueue.name, enqueue.data, enqueue.encoding, enqueue.headers
    );
    PERFORM ably.wake(ARRAY[enqueue.channel]);
END
$$;

CREATE FUNCTION ably.publish(channel text, name text, data text, headers jsonb DEFAULT NULL)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ably.enqueue(channel, name, data, NULL, headers)
$$;

CREATE FUNCTION ably.publish_json(channel text, name text, data jsonb, headers jsonb DEFAULT NULL)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ably.enqueue(channel, name, data::text, 'json', headers)
$$;

REVOKE ALL ON FUNCTION ably.enqueue(text, text, text, text, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION ably.publish(text, text, text, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION ably.publish_json(text, text, jsonb, jsonb) FROM PUBLIC;

COMMENT ON FUNCTION ably.publish(text, text, text, jsonb) IS
    'Sends a message to an Ably channel once the calling transaction has committed. '
    'Grant USAGE on schema ably and EXECUTE on this function to the roles that may.';
COMMENT ON FUNCTION ably.publish_json(text, text, jsonb, jsonb) IS
    'Sends a JSON message to an Ably channel once the calling transaction has committed. '
    'Grant USAGE on schema ably and EXECUTE on this function to the roles that may.';
