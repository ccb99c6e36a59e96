-- Ends the membership that create.sql began: a member of the owner is also a member of rds_iam, whose
-- password RDS refuses. A superuser needs no membership.
DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        REVOKE ably_owner FROM CURRENT_USER;
    END IF;
END
$$;
