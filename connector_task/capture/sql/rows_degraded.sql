SELECT
            seen.place,
            CASE WHEN seen.verdict THEN {channel} END AS channel,
            {row} AS row_json,
            ({headers})::jsonb AS headers,
            coalesce(
                seen.doubt,
                CASE WHEN cardinality(array_remove({doubts}, NULL)) = 0 THEN capture.failure END
            ) AS problem
        FROM unnest({rows}, {verdicts}, {doubts})
            WITH ORDINALITY AS seen (whole, verdict, doubt, place)
