PERFORM pg_notify('table_update', '');
