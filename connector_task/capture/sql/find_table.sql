-- The table of a name, with its primary key's columns in the key's order, all its columns, and the
-- partitions that hang on it at whatever level. Without a schema, the first on the search path that
-- the session began with.
SELECT
    class.oid,
    namespace.nspname,
    class.relname,
    class.relkind::text,
    class.relispartition,
    coalesce(
        (
            SELECT array_agg(attribute.attname::text ORDER BY key.place)
            FROM pg_index AS index
            CROSS JOIN LATERAL unnest(index.indkey) WITH ORDINALITY AS key (attnum, place)
            JOIN pg_attribute AS attribute
                ON attribute.attrelid = index.indrelid AND attribute.attnum = key.attnum
            WHERE
                index.indrelid = class.oid
                AND index.indisprimary
                AND key.place <= index.indnkeyatts
        ),
        '{}'
    ),
    ARRAY(
        SELECT attribute.attname::text
        FROM pg_attribute AS attribute
        WHERE
            attribute.attrelid = class.oid
            AND attribute.attnum > 0
            AND NOT attribute.attisdropped
        ORDER BY attribute.attnum
    )
FROM pg_class AS class
JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE
    class.relname = %(table)s
    AND class.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND (
        namespace.nspname = %(schema)s
        OR (
            %(schema)s IS NULL
            AND namespace.nspname = ANY (current_setting('ably.schemas')::name[])
        )
    )
ORDER BY array_position(current_setting('ably.schemas')::name[], namespace.nspname)
LIMIT 1;
