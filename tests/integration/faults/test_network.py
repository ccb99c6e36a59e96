"""Lines that refuse, break, fall silent or crawl, before Postgres and before Ably."""

from collections.abc import Callable

import pytest

from tests.fixtures.rig import Rig
from tests.fixtures.tcp_proxy import Direction, TcpProxy

Fault = Callable[[TcpProxy], None]
SIDES = ("database", "ably")
FAULTS: dict[str, Fault] = {
    "refuse": TcpProxy.refuse,
    "cut": TcpProxy.cut,
    "cut in a request": lambda proxy: proxy.cut_next(Direction.REQUEST),
    "cut before the answer": lambda proxy: proxy.cut_next(Direction.ANSWER),
    "silent": TcpProxy.go_deaf,
    "slow": lambda proxy: proxy.slow_down(0.02, 0.01),
}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_line_loses_doubles_and_reorders_nothing(rig: Rig, side: str, fault: str) -> None:
    proxy: TcpProxy = getattr(rig, side)
    rig.start().until("leading")
    with rig.load:
        rig.arrivals_go_on()
        for _ in range(3):
            FAULTS[fault](proxy)
            rig.commits_go_on()
            proxy.heal()
            rig.arrivals_go_on()
    audit = rig.settle()
    assert audit.is_clean, audit
    assert audit.duplicates == 0, audit
    if fault.startswith("cut "):
        assert proxy.cuts >= 1, "the fault has not happened"


def test_a_request_that_ably_accepts_without_the_answer_arriving_is_not_published_twice(
    rig: Rig,
) -> None:
    rig.start().until("leading")
    with rig.load:
        rig.arrivals_go_on()
        for _ in range(5):
            rig.ably.cut_next(Direction.ANSWER)
            rig.ably.until_cut()
    audit = rig.settle()
    assert rig.ably.cuts == 5
    assert audit.is_clean, audit
    assert audit.duplicates == 0, audit


def test_a_request_that_was_given_up_and_arrives_late_after_all_does_no_harm(rig: Rig) -> None:
    connector = rig.start()
    connector.until("leading")
    with rig.load:
        rig.arrivals_go_on()
        rig.ably.go_deaf()
        failure = connector.until("publish failed, trying again")
        assert failure["error_code"] == "ably-timeout"
        rig.ably.heal()  # lets go what it held back, the request that was given up too
        rig.arrivals_go_on()
    audit = rig.settle()
    assert audit.is_clean, audit
    assert audit.duplicates == 0, audit
