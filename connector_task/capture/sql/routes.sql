#variable_conflict use_column
-- A condition names columns as it likes, so columns win over variables, which the label makes clear.
<<capture>>
DECLARE
    shift bigint := 0;
    written bigint;
    captured bigint := 0;
    failure text;
    item record;
    verdict boolean;
    doubt text;
    later_rows json[];
    later_verdicts boolean[];
    later_doubts text[];
    earlier_rows json[];
    earlier_verdicts boolean[];
    earlier_doubts text[];
BEGIN
    {guard}
    {pairing}
    {routes}
    IF capture.captured > 0 THEN
        {wake}
    END IF;
    RETURN NULL;
END
