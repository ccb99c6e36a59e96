-- Creates the three roles, each with only what it needs (docs/database-permissions.md). The current
-- user is a member of the owner until leave.sql. The roles have no password: on RDS they log in by
-- IAM.
-- Locks: none that block another session.
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
    -- So that `status`, run as the owner, can show which session leads, and the owner can end it.
    IF NOT pg_has_role('ably_owner', 'ably_connector', 'MEMBER') THEN
        GRANT ably_connector TO ably_owner;
    END IF;
    IF NOT pg_has_role(current_user, 'ably_owner', 'USAGE') THEN
        GRANT ably_owner TO CURRENT_USER;
    END IF;
END
$$;

GRANT CREATE ON SCHEMA public TO ably_owner;
