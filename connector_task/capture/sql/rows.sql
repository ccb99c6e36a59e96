SELECT
            row_number() OVER () AS place,
            CASE WHEN (
                {where}
            ) THEN {channel} END AS channel,
            {row} AS row_json,
            ({headers})::jsonb AS headers,
            NULL::text AS problem
        FROM {source} AS {alias}
