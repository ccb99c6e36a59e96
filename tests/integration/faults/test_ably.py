"""An Ably that is away, answers with errors, limits, or refuses single messages for good."""

from collections.abc import Iterator

import pytest

from ably_local.core.limits import Limits
from local.services.embedded_postgres import EmbeddedPostgres
from tests.fixtures.ably import LocalAbly
from tests.fixtures.rig import Rig, rigged

POISON_BYTES = 450  # the load has rows of 0, 50 and 500 bytes of filler


@pytest.fixture
def picky_rig(postgres: EmbeddedPostgres, database_url: str) -> Iterator[Rig]:
    """An Ably that takes less than the connector believes: single messages are refused."""
    ably = LocalAbly(limits=Limits(message_bytes=POISON_BYTES))
    ably.start()
    try:
        with rigged(postgres, database_url, ably) as rig:
            yield rig
    finally:
        ably.close()


def assert_exactly_once(rig: Rig) -> None:
    audit = rig.settle()
    assert audit.is_clean, audit
    assert audit.duplicates == 0, audit
    assert audit.dead_letters == 0, audit


@pytest.mark.parametrize(
    ("status", "code"), [(429, 42910), (500, 50000), (503, 50003), (401, 40142), (502, 0)]
)
def test_a_storm_of_errors_is_sat_out(rig: Rig, status: int, code: int) -> None:
    connector = rig.start()
    connector.until("leading")
    with rig.load:
        for number in range(1, 4):
            rig.arrivals_go_on()
            rig.ably.answer_http(status, code)
            connector.until("publish failed, trying again", count=number)
            rig.ably.heal()
        rig.arrivals_go_on()
    assert_exactly_once(rig)


def test_an_ably_that_stops_and_comes_back_gets_everything_once(rig: Rig) -> None:
    connector = rig.start()
    connector.until("leading")
    with rig.load:
        for number in range(1, 4):
            rig.arrivals_go_on()
            rig.local_ably.stop()
            connector.until("publish failed, trying again", count=number)
            rig.local_ably.start()
        rig.arrivals_go_on()
    assert_exactly_once(rig)


def test_poison_goes_to_the_dead_letters_and_everything_else_arrives_in_order(
    picky_rig: Rig,
) -> None:
    picky_rig.start(ABLY_PLAN="unlimited").until("leading")  # to halve arrays takes many requests
    with picky_rig.load:
        picky_rig.commits_go_on(60)
    audit = picky_rig.settle()
    assert audit.is_clean, audit
    assert audit.duplicates == 0, audit
    assert audit.dead_letters > 0, audit
    assert audit.committed == audit.arrived + audit.dead_letters
