-- The partitions of a table, at every level, that can have triggers.
SELECT class.oid, namespace.nspname, class.relname
FROM pg_partition_tree(%(table)s::oid::regclass) AS tree
JOIN pg_class AS class ON class.oid = tree.relid
JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE tree.level > 0 AND class.relkind IN ('r', 'p')
ORDER BY class.oid;
