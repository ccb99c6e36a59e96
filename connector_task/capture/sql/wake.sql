-- A notification makes all commits of the database queue, so none is sent while the relay is awake.
IF (pg_sequence_last_value('ably.awake') & 1 = 1) IS NOT TRUE THEN
    PERFORM ably.wake({channels}::text[]);
END IF;
