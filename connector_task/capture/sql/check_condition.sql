-- Has Postgres read a condition as it will be read at run time, without touching the table.
EXPLAIN SELECT FROM (SELECT (NULL::{type}).*) AS {alias} WHERE (
    {where}
);
