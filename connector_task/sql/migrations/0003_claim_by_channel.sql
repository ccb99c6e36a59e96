-- Lets a claim take a channel's messages without walking past those of others.
-- Locks: the outbox, against writers, while the index is built: about a second for each million
-- messages that wait.

CREATE INDEX outbox_channel_id_idx ON ably.outbox (channel, id);

-- A queue's statistics are wrong a moment later. Without any, the planner neither believes that one
-- channel has all messages, and so reads the wrong index, nor looks for the highest id among the
-- dead rows at the index's end.
ALTER TABLE ably.outbox ALTER COLUMN id SET STATISTICS 0;
ALTER TABLE ably.outbox ALTER COLUMN channel SET STATISTICS 0;
