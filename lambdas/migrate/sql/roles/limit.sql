-- Limits the duration of the roles' statements and transactions, in this database only. Set on the
-- roles and not by the clients, because RDS Proxy refuses such options from a client.
DO $$
DECLARE
    setting text[];
BEGIN
    FOREACH setting SLICE 1 IN ARRAY ARRAY[
        ['ably_chat', 'statement_timeout', '10s'],
        ['ably_chat', 'lock_timeout', '5s'],
        ['ably_chat', 'idle_in_transaction_session_timeout', '15s'],
        ['ably_connector', 'statement_timeout', '30s'],
        ['ably_connector', 'idle_in_transaction_session_timeout', '30s']
    ] LOOP
        EXECUTE format(
            'ALTER ROLE %I IN DATABASE %I SET %I = %L',
            setting[1], current_database(), setting[2], setting[3]
        );
    END LOOP;
END
$$;
