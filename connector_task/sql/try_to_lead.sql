-- Leadership is held by the session that has this lock, and ends with that session.
SELECT pg_try_advisory_lock(%(application)s, %(leadership)s);
