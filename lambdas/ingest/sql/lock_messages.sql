-- Serializes the transactions that touch the same chat messages, whether their rows exist or not.
-- Without it, a repeated delivery of a message could wait for the delete of that very message in
-- its unique index and then write it anew, its look at the tombstones being older than the wait.
-- One order for all keeps two transactions from waiting for each other.
SELECT pg_advisory_xact_lock(key)
FROM (
    SELECT DISTINCT hashtextextended('chat_data:' || msg_id, 0) AS key
    FROM unnest(%(message_ids)s::text[]) AS touched (msg_id)
    ORDER BY key
) AS keys;
