-- The order in which history pages run; unique, because a page begins after the number that the
-- page before it ended with.
-- Lock: SHARE on chat_data (writers wait) while it is built, about a second per million rows.
-- CONCURRENTLY would spare the writers but cannot run inside the migrations' transaction.
CREATE UNIQUE INDEX IF NOT EXISTS chat_data_incremental_record_id_key
    ON public.chat_data (incremental_record_id);
