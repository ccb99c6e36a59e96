-- The newest dead letters, without what they say.
SELECT outbox_id, channel, error_code, error, dead_lettered_at
FROM ably.dead_letter
ORDER BY dead_lettered_at DESC, outbox_id DESC
LIMIT %(limit)s;
