(
            SELECT {alias}.*
            FROM {table} AS {alias}
            WHERE ({key}) IN (SELECT {key} FROM json_populate_recordset(NULL::{type}, {keys}::json))
            ORDER BY {key}
        )
