-- The three roles, each with no more than it needs (docs/database-permissions.md), and whoever runs
-- this as a member of the owner until leave.sql. They have no password: on RDS they log in by IAM.
-- Locks: none that anyone could wait for.
DO $$
DECLARE
    wanted text;
    is_rds constant boolean := EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam');
BEGIN
    FOREACH wanted IN ARRAY ARRAY['ably_owner', 'ably_chat', 'ably_connector'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', wanted);
        END IF;
        IF is_rds AND NOT pg_has_role(wanted, 'rds_iam', 'MEMBER') THEN
            EXECUTE format('GRANT rds_iam TO %I', wanted);
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), wanted);
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', wanted);
    END LOOP;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO ably_owner', current_database());
    -- So that `status`, asked as the owner, may tell which session leads, and the owner end one.
    IF NOT pg_has_role('ably_owner', 'ably_connector', 'MEMBER') THEN
        GRANT ably_connector TO ably_owner;
    END IF;
    IF NOT pg_has_role(current_user, 'ably_owner', 'USAGE') THEN
        GRANT ably_owner TO CURRENT_USER;
    END IF;
END
$$;

GRANT CREATE ON SCHEMA public TO ably_owner;
