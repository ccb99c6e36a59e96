(pg_partition_root(TG_RELID) = to_regclass({root})) IS NOT TRUE
