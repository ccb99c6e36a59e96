"""The look for messages begins far ahead, and yet misses none."""

from collections.abc import Sequence

from connector_task.relay.backlog_index import FULL_SCAN_SECONDS, LOOK_IDS, BacklogIndex
from connector_task.relay.ports import ClaimResult, ScanResult

EMPTY = ScanResult()
CUT = ClaimResult(scan=ScanResult(top=1000), is_cut=True, looked_from=7)


def seen(top: int = 0, running: Sequence[int] = (), **found: int) -> ClaimResult:
    return ClaimResult(scan=ScanResult(found=found, top=top, running=running))


def begun(scan: ScanResult = EMPTY) -> BacklogIndex:
    backlog_index = BacklogIndex()
    assert backlog_index.next_full_scan_at <= 0.0
    backlog_index.full_scan_done(scan, 0.0, 0.0)
    return backlog_index


def test_what_a_survey_finds_waits_and_the_look_begins_behind_it() -> None:
    backlog_index = begun(ScanResult(found={"a": 5}, top=900))
    assert (backlog_index.waiting, backlog_index.start, backlog_index.floor) == ({"a": 5}, 901, 901)
    assert backlog_index.next_full_scan_at == FULL_SCAN_SECONDS


def test_an_asked_channel_waits_no_more_unless_it_has_a_rest() -> None:
    backlog_index = begun(ScanResult(found={"a": 5, "b": 6}, top=9))
    backlog_index.claimed(ClaimResult(asked=["a", "b"], scan=ScanResult(found={"b": 8})))
    assert backlog_index.waiting == {"b": 8}


def test_an_earlier_message_of_a_waiting_channel_is_not_forgotten() -> None:
    backlog_index = begun(ScanResult(found={"a": 8}, top=9))
    backlog_index.claimed(seen(9, a=4))
    backlog_index.claimed(seen(9, a=6))
    assert backlog_index.waiting == {"a": 4}


def test_who_runs_is_waited_for_until_a_look_that_missed_nothing_shows_the_end() -> None:
    backlog_index = begun(ScanResult(top=900, running=[10, 12]))
    assert (backlog_index.start, backlog_index.floor, backlog_index.running) == (901, 0, [10, 12])
    backlog_index.claimed(CUT)
    assert backlog_index.running == [10, 12]
    backlog_index.claimed(seen(running=[12, 20]))
    assert (backlog_index.start, backlog_index.floor, backlog_index.running) == (901, 0, [12])
    backlog_index.claimed(seen(running=[20]))
    assert (backlog_index.start, backlog_index.floor, len(backlog_index.running)) == (901, 901, 0)


def test_a_look_that_begins_far_back_wants_a_fence_and_begins_behind_it() -> None:
    backlog_index = begun()
    backlog_index.claimed(seen(LOOK_IDS - 1))
    assert not backlog_index.wants_fence
    backlog_index.claimed(seen(LOOK_IDS + 1))
    assert (backlog_index.wants_fence, backlog_index.start) == (True, 1)
    backlog_index.claimed(seen(LOOK_IDS + 1, running=[5]), fence=LOOK_IDS + 3)
    assert (backlog_index.wants_fence, backlog_index.start, backlog_index.running) == (
        False,
        LOOK_IDS + 4,
        [5],
    )
    assert backlog_index.floor == 1


def test_a_fence_before_a_look_that_was_cut_says_nothing() -> None:
    backlog_index = begun()
    backlog_index.claimed(CUT, fence=2000)
    assert (backlog_index.start, backlog_index.wants_fence) == (1, False)


def test_a_transaction_that_never_ends_holds_back_the_floor_and_not_the_look() -> None:
    backlog_index = begun(ScanResult(top=100, running=[1]))
    for turn in range(1, 50):
        backlog_index.claimed(seen(turn * 1000, running=[1, turn + 1]), fence=turn * 1000)
        assert backlog_index.start == turn * 1000 + 1
        backlog_index.claimed(seen(running=[1]))
        assert (backlog_index.floor, backlog_index.running) == (0, [1])
    backlog_index.claimed(seen())
    assert backlog_index.floor == 49_001


def test_transactions_that_overlap_for_ever_let_the_floor_rise() -> None:
    backlog_index = begun(ScanResult(top=100, running=[1]))
    for turn in range(1, 50):
        backlog_index.claimed(seen(turn * 1000, running=[turn, turn + 1]), fence=turn * 1000)
        backlog_index.claimed(seen(running=[turn + 1]))
    assert backlog_index.floor > 45_000


def test_a_survey_of_an_emptied_outbox_sets_nothing_back() -> None:
    backlog_index = begun(ScanResult(top=900, running=[10]))
    backlog_index.full_scan_done(ScanResult(top=0, running=[10, 15]), FULL_SCAN_SECONDS, 0.0)
    assert (backlog_index.start, backlog_index.running) == (901, [10, 15])


def test_surveys_take_a_tenth_of_the_time_at_most() -> None:
    backlog_index = begun()
    backlog_index.full_scan_done(ScanResult(), 10.0, 2.0)
    assert backlog_index.next_full_scan_at == 10.0 + FULL_SCAN_SECONDS
    backlog_index.claimed(CUT)
    assert backlog_index.next_full_scan_at == 10.0 + 20.0


def test_after_a_look_that_was_cut_channels_are_asked_from_where_it_began() -> None:
    backlog_index = begun(ScanResult(found={"a": 500, "b": 3}, top=900))
    backlog_index.claimed(CUT)
    assert backlog_index.waiting == {"a": 7, "b": 3}
