{rows} := '{{}}';
        {verdicts} := '{{}}';
        {doubts} := '{{}}';
        FOR item IN SELECT row_to_json(source.*) AS whole FROM {source} AS source LOOP
            capture.verdict := true;
            capture.doubt := NULL;
            BEGIN
                capture.verdict := (
                    SELECT (
                        {where}
                    ) FROM json_populate_record(NULL::{type}, capture.item.whole) AS {alias}
                );
            EXCEPTION WHEN OTHERS THEN
                capture.doubt := CASE WHEN SQLSTATE LIKE '42%' THEN SQLSTATE || ' ' || SQLERRM
                    ELSE 'error ' || SQLSTATE || ' in the condition' END;
            END;
            {rows} := {rows} || item.whole;
            {verdicts} := {verdicts} || capture.verdict;
            {doubts} := {doubts} || capture.doubt;
        END LOOP;
