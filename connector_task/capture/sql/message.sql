json_build_object('table', {table}, 'type', event.name, 'row', event.row_json)
