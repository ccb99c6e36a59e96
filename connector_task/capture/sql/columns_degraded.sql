(
                SELECT
                    coalesce(
                        json_object_agg(
                            field.key, field.value
                            ORDER BY array_position({columns}::text[], field.key)
                        ),
                        '{{}}'::json
                    )
                FROM json_each(seen.whole) AS field
                WHERE field.key = ANY ({columns}::text[])
            )
