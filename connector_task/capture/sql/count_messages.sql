-- What would be lost with schema ably.
SELECT
    (SELECT count(*) FROM ably.outbox),
    (SELECT count(*) FROM ably.dead_letter);
