-- The outbox, the batches that were made of it, and what Ably refused for good.
-- Locks: none that anyone could wait for, all tables are new. Time: milliseconds.

CREATE TABLE ably.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
    channel text NOT NULL CONSTRAINT outbox_channel_not_empty CHECK (channel <> ''),
    name text,
    data text NOT NULL,
    headers jsonb CONSTRAINT outbox_headers_are_an_object CHECK (jsonb_typeof(headers) = 'object'),
    truncated boolean NOT NULL DEFAULT false, -- the row was too large: data holds its key alone
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (
    -- A queue is mostly dead rows: vacuum by their number, not by a share of the table.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000
);

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
    headers jsonb,
    error_code text NOT NULL,
    error text NOT NULL,
    created_at timestamptz NOT NULL,
    dead_lettered_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
