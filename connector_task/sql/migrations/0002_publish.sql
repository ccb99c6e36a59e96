-- ably.publish: an application's own message, sent when its transaction commits and only then.
-- Locks: none. Time: milliseconds.

CREATE FUNCTION ably.publish(channel text, name text, data text, headers jsonb DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO ably.outbox (channel, name, data, headers)
    VALUES (publish.channel, publish.name, publish.data, publish.headers);
    PERFORM pg_notify('table_update', '');
END
$$;

REVOKE ALL ON FUNCTION ably.publish(text, text, text, jsonb) FROM PUBLIC;

COMMENT ON FUNCTION ably.publish(text, text, text, jsonb) IS
    'Sends a message to an Ably channel once the calling transaction has committed. '
    'Grant USAGE on schema ably and EXECUTE on this function to the roles that may.';
