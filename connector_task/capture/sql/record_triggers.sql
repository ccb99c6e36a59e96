-- Records which triggers there are to be, for the functions to know their own.
WITH wanted AS (
    SELECT relation, function
    FROM unnest(%(relations)s::oid[], %(functions)s::name[]) AS made (relation, function)
),
forgotten AS (
    DELETE FROM ably.installed_trigger AS installed
    WHERE NOT EXISTS (
        SELECT FROM wanted
        WHERE wanted.relation = installed.relation AND wanted.function = installed.function
    )
)
INSERT INTO ably.installed_trigger (relation, function)
SELECT relation, function FROM wanted
ON CONFLICT DO NOTHING;
