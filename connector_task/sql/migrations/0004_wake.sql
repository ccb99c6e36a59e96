-- Lets writers know whether the relay is awake, so that they notify it only while it sleeps.
-- Locks: none. Time: milliseconds.

-- The number of shards, shifted by 40; a bit for each that is awake, from the second on; and in the
-- lowest bit, whether all of them are. announce.sql writes it.
CREATE SEQUENCE ably.awake MINVALUE 0;
SELECT setval('ably.awake', 0);

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

-- The shard of a channel. All of the application's parts must agree on it, and on nothing else.
CREATE FUNCTION ably.shard_of(channel text, shards integer)
RETURNS integer
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$
    SELECT ((hashtextextended(channel, 0) % shards + shards) % shards)::integer
$$;

CREATE OR REPLACE FUNCTION ably.publish(
    channel text, name text, data text, headers jsonb DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO ably.outbox (channel, name, data, headers)
    VALUES (publish.channel, publish.name, publish.data, publish.headers);
    PERFORM ably.wake(ARRAY[publish.channel]);
END
$$;
