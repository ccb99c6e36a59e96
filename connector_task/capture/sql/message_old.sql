CASE
        WHEN event.old_row_json IS NULL
            THEN json_build_object('table', {table}, 'type', event.name, 'row', event.row_json)
        ELSE json_build_object(
            'table', {table},
            'type', event.name,
            'row', event.row_json,
            'old_row', event.old_row_json
        )
    END
