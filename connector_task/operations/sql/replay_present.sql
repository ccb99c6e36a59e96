-- Which of these keys there are still.
SELECT row_to_json(keys.*)::text
FROM (
    SELECT {key}
    FROM {table} AS {alias}
    WHERE ({key}) IN (SELECT {key} FROM json_populate_recordset(NULL::{type}, {keys}::json))
    ORDER BY {key}
) AS keys;
