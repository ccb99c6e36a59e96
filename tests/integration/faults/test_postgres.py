"""A Postgres that crashes, ends sessions, or is not there yet."""

from tests.fixtures.rig import Rig


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
