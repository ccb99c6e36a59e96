-- Which of the wanted dead letters there are not.
SELECT wanted.id
FROM unnest(%(ids)s::bigint[]) AS wanted (id)
WHERE NOT EXISTS (
    SELECT FROM ably.dead_letter
    WHERE
        dead_letter.outbox_id = wanted.id
        AND (%(channel)s::text IS NULL OR dead_letter.channel = %(channel)s)
)
ORDER BY wanted.id;
