-- What the relay does, and nothing else: for a role that is not the owner of schema ably.
REVOKE ALL ON ALL TABLES IN SCHEMA ably FROM {role};
GRANT USAGE ON SCHEMA ably TO {role};
GRANT EXECUTE ON FUNCTION ably.shard_of(text, integer) TO {role};
GRANT SELECT, DELETE ON ably.outbox TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ably.batch TO {role};
GRANT INSERT ON ably.dead_letter TO {role};
GRANT SELECT, UPDATE ON SEQUENCE ably.awake TO {role};
GRANT SELECT ON SEQUENCE ably.outbox_id_seq TO {role};
