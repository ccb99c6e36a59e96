-- This runs with its owner's rights, and a role that could execute it may have made a trigger of it
    -- on a table of its own: with rows of its choice, and types whose casts are code of its own.
    -- The usual case is two comparisons. The name is enough: while the captured table has it no other
    -- can, and a temporary table is in another schema. A partition is known by its root, which only
    -- the root's owner can have given it. A table that was renamed since the installation, or a
    -- partition that was detached, is looked up among the triggers that `install` has made.
    IF (TG_TABLE_NAME <> {table} OR TG_TABLE_SCHEMA <> {schema}) AND {is_no_partition} THEN
        PERFORM ably.require_installed(TG_RELID, {function});
    END IF;
