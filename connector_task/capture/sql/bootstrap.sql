-- Makes the place where migrations are recorded. Run only where it is missing.
CREATE SCHEMA IF NOT EXISTS ably;

CREATE TABLE IF NOT EXISTS ably.migrations (
    name text CONSTRAINT migrations_pkey PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
