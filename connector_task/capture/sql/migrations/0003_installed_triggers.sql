-- Which triggers `install` has made, and what a capture function asks where another one calls it.
-- Locks: none that anyone could wait for. Time: milliseconds.

-- By regclass, which holds whatever the table is called and is dumped by name: so it holds in a
-- restored database too.
CREATE TABLE ably.installed_trigger (
    relation regclass NOT NULL,
    function name NOT NULL,
    CONSTRAINT installed_trigger_pkey PRIMARY KEY (relation, function)
);

-- Raises unless `install` has made a trigger of this function on this relation.
CREATE FUNCTION ably.require_installed(relation oid, function name)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM ably.installed_trigger AS installed
        WHERE
            installed.relation = require_installed.relation
            AND installed.function = require_installed.function
    ) THEN
        RAISE insufficient_privilege USING
            MESSAGE = format(
                'table %s is not captured by ably.%s',
                require_installed.relation::regclass,
                require_installed.function
            ),
            HINT = 'Drop the trigger; the connector''s install makes those of captured tables.';
    END IF;
END
$$;

-- Read when it is defined, not when it is called: a caller's search path cannot give its functions
-- and operators another meaning.
CREATE OR REPLACE FUNCTION ably.shard_of(channel text, shards integer)
RETURNS integer
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN ((hashtextextended(channel, 0) % shards + shards) % shards)::integer;
