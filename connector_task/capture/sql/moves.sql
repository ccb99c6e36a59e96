-- A channel's rows are those that its condition and its template say. So an UPDATE that brings a
    -- row into them is an INSERT there, and one that takes it out a DELETE.
    SELECT
        coalesce(later.place + capture.shift, earlier.place) AS place,
        move.*,
        coalesce(later.problem, earlier.problem) AS problem
    FROM (
        {later}
    ) AS later
    FULL JOIN (
        {earlier}
    ) AS earlier ON later.place + capture.shift = earlier.place
    CROSS JOIN LATERAL (
        SELECT
            1 AS step,
            later.channel,
            'UPDATE' AS name,
            later.row_json,
            earlier.row_json AS old_row_json,
            later.headers
        WHERE later.channel = earlier.channel
        UNION ALL
        SELECT 1, earlier.channel, 'DELETE', earlier.row_json, NULL, earlier.headers
        WHERE earlier.channel IS NOT NULL AND earlier.channel IS DISTINCT FROM later.channel
        UNION ALL
        SELECT 2, later.channel, 'INSERT', later.row_json, NULL, later.headers
        WHERE later.channel IS NOT NULL AND later.channel IS DISTINCT FROM earlier.channel
    ) AS move
