-- Ends the membership that create.sql began: whoever is a member of the owner is one of rds_iam too,
-- from whom RDS takes no password. A superuser has needed none.
DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        REVOKE ably_owner FROM CURRENT_USER;
    END IF;
END
$$;
