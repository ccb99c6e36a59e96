BEGIN
        {events}
        GET DIAGNOSTICS written = ROW_COUNT;
    EXCEPTION WHEN OTHERS THEN
        -- The condition fails on some row, or a column is gone: the writer must not fail for it, and
        -- no change be lost. What cannot be decided is published, with the reason.
        capture.failure := CASE WHEN SQLSTATE LIKE '42%' THEN SQLSTATE || ' ' || SQLERRM
            ELSE 'error ' || SQLSTATE || ' in the condition or the values' END;
        {judgements}
        {degraded_events}
        GET DIAGNOSTICS written = ROW_COUNT;
    END;
    capture.captured := capture.captured + capture.written;
