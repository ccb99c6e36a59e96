-- Holds rows as they are, so that what is published of them and what changes them afterwards have
-- the same order. Waits for no writer: one that waited for us in turn might be the one to fail.
SELECT row_to_json(keys.*)::text
FROM (
    SELECT {key}
    FROM {table} AS {alias}
    WHERE ({key}) IN (SELECT {key} FROM json_populate_recordset(NULL::{type}, {keys}::json))
    ORDER BY {key}
    FOR SHARE SKIP LOCKED
) AS keys;
