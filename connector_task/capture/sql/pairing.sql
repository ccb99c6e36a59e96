-- Both transition tables are filled row by row, so equal places are the same row. Only where a
-- trigger keeps a row out of the partition that an UPDATE moves it to are there fewer new rows:
    -- then no place is shared, and each row goes out as a DELETE and an INSERT.
    SELECT CASE WHEN count(*) = (SELECT count(*) FROM changed) THEN 0 ELSE count(*) END
    INTO capture.shift
    FROM before;
