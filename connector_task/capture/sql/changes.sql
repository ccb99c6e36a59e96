SELECT
        seen.place,
        1 AS step,
        seen.channel,
        {operation}::text AS name,
        seen.row_json,
        NULL::json AS old_row_json,
        seen.headers,
        seen.problem
    FROM (
        {rows}
    ) AS seen
    WHERE seen.channel IS NOT NULL
