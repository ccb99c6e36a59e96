({key}) > (SELECT {key} FROM json_populate_record(NULL::{type}, {after}::json) AS {alias})
