-- The function of one table's and operation's trigger. Its owner's rights write the outbox, so
-- that a role which changes the table needs none on schema ably.
CREATE OR REPLACE FUNCTION {function}()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS {body};
