-- The keys of the next rows, in the key's order.
SELECT row_to_json(keys.*)::text
FROM (
    SELECT {key}
    FROM {table} AS {alias}
    WHERE {after} AND (
        {where}
    )
    ORDER BY {key}
    LIMIT {limit}
) AS keys;
