-- How the relay's session plans: every statement of its has an index to go by, and one planned
-- while the outbox was small must not read all of it when it is large.
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_memoize = off;
SET jit = off;
SET plan_cache_mode = force_generic_plan;
