-- The outbox, the batches that were made of it, and what Ably refused for good.
-- Locks: none that anyone could wait for, all tables are new. Time: milliseconds.

-- No CHECK here: each would cost every captured statement a microsecond or two, to be read and
-- prepared anew. What a row must be is seen to where it comes from: `install` for the mappings,
-- ably.publish for its callers.
CREATE TABLE ably.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
    channel text NOT NULL,
    name text,
    data text NOT NULL,
    encoding text, -- Ably's: 'json' has clients get an object instead of a text
    headers jsonb,
    truncated boolean NOT NULL DEFAULT false, -- the row was too large: data holds its key alone
    problem text, -- why the message is not quite as configured
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (
    -- A queue is mostly dead rows: vacuum by their number, not by a share of the table.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000
);

-- Lets a claim take a channel's messages without walking past those of others.
CREATE INDEX outbox_channel_id_idx ON ably.outbox (channel, id);

-- A queue's statistics are wrong a moment later. Without any, the planner neither believes that one
-- channel has all messages, and so reads the wrong index, nor looks for the highest id among the
-- dead rows at the index's end.
ALTER TABLE ably.outbox ALTER COLUMN id SET STATISTICS 0;
ALTER TABLE ably.outbox ALTER COLUMN channel SET STATISTICS 0;

-- The id is the base of Ably's message ids, so it must be unlike that of any other database or
-- earlier installation: within two minutes Ably takes equal ids for the same message.
-- A batch lives from its claim until Ably has accepted it, or it is given up.
CREATE TABLE ably.batch (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT batch_pkey PRIMARY KEY,
    channel text NOT NULL CONSTRAINT batch_one_per_channel UNIQUE,
    outbox_ids bigint[] NOT NULL, -- never changes under the same id: what is sent again is the same
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_error text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000
);

CREATE TABLE ably.dead_letter (
    outbox_id bigint CONSTRAINT dead_letter_pkey PRIMARY KEY,
    channel text NOT NULL,
    name text,
    data text NOT NULL,
    encoding text,
    headers jsonb,
    error_code text NOT NULL,
    error text NOT NULL,
    created_at timestamptz NOT NULL,
    dead_lettered_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
