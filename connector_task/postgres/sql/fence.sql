-- The highest id that was drawn, and then a transaction id later than that of whoever drew one so
-- far. A snapshot lists running transactions only below the highest that has ended: one that began
-- a moment ago may be in no list. This one ends at once, and from then on every snapshot lists them.
SELECT
    drawn.top,
    pg_current_xact_id()
FROM (SELECT coalesce(pg_sequence_last_value('ably.outbox_id_seq'), 0) AS top OFFSET 0) AS drawn;
