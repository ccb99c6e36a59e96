"""A Postgres that crashes, ends sessions, or is not there yet."""

import sys

from tests.fixtures.connector import query
from tests.fixtures.rig import Rig

NOTICED_SECONDS = 12  # the essay's promise for a host that vanishes without a word
# Runs in the leader's own session: only there does the server say what it asks of that line.
WITNESS = """
CREATE TABLE public.witness (pid int, name text, setting int, PRIMARY KEY (pid, name));
CREATE FUNCTION bear_witness() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO public.witness SELECT pg_backend_pid(), name, setting::int
    FROM pg_settings WHERE name LIKE 'tcp\\_%' ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER witness AFTER INSERT ON ably.batch EXECUTE FUNCTION bear_witness();
"""
OF_LEADER = """
SELECT name, setting FROM witness
WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock')
"""


def test_an_immediate_restart_of_postgres_under_load_costs_nothing(mortal_rig: Rig) -> None:
    connector = mortal_rig.start()
    connector.until("leading")
    with mortal_rig.load:
        for number in range(2, 5):
            mortal_rig.arrivals_go_on()
            mortal_rig.crash_postgres()
            connector.until("leading", count=number)
        mortal_rig.arrivals_go_on()
    audit = mortal_rig.settle()
    assert audit.is_clean, audit
    assert audit.duplicates == 0, audit
    assert mortal_rig.load.rollbacks > 0


def test_it_starts_before_postgres_and_misses_nothing(mortal_rig: Rig) -> None:
    connector = mortal_rig.start()
    connector.until("leading")
    connector.kill()
    with mortal_rig.load:
        mortal_rig.commits_go_on()
        mortal_rig.server.stop()
        connector = mortal_rig.start()
        connector.until("the database is unavailable", count=2)
        mortal_rig.server.start()
        connector.until("leading")
        mortal_rig.arrivals_go_on()
    audit = mortal_rig.settle()
    assert audit.is_clean, audit
    assert audit.duplicates == 0, audit


def test_sessions_ended_one_after_another_come_back(rig: Rig) -> None:
    connector = rig.start()
    connector.until("leading")
    with rig.load:
        for number in range(2, 6):
            rig.arrivals_go_on()
            assert rig.end_sessions() >= 2, "the relay's and the listener's"
            connector.until("leading", count=number)
        rig.arrivals_go_on()
    audit = rig.settle()
    assert audit.is_clean, audit
    assert audit.duplicates == 0, audit


def test_the_server_gives_up_in_time_a_leader_whose_host_has_vanished(
    rig: Rig, database_url: str
) -> None:
    query(database_url, WITNESS)
    rig.start().until("leading")
    with rig.load:
        rig.arrivals_go_on()
    asked = dict(query(database_url, OF_LEADER))
    probes = asked["tcp_keepalives_interval"] * asked["tcp_keepalives_count"]
    assert 0 < asked["tcp_keepalives_idle"] + probes <= NOTICED_SECONDS
    if sys.platform == "linux":  # elsewhere TCP has no such setting
        assert 0 < asked["tcp_user_timeout"] <= NOTICED_SECONDS * 1000
