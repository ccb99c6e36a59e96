"""The look for messages begins far ahead, and yet misses none."""

from collections.abc import Sequence

from connector_task.relay.backlog_index import LOOK_IDS, SURVEY_SECONDS, Lookout
from connector_task.relay.ports import Claim, Sighting

EMPTY = Sighting()
CUT = Claim(sighting=Sighting(top=1000), is_cut=True, looked_from=7)


def seen(top: int = 0, running: Sequence[int] = (), **found: int) -> Claim:
    return Claim(sighting=Sighting(found=found, top=top, running=running))


def begun(sighting: Sighting = EMPTY) -> Lookout:
    lookout = Lookout()
    assert lookout.next_survey_at <= 0.0
    lookout.surveyed(sighting, 0.0, 0.0)
    return lookout


def test_what_a_survey_finds_waits_and_the_look_begins_behind_it() -> None:
    lookout = begun(Sighting(found={"a": 5}, top=900))
    assert (lookout.waiting, lookout.start, lookout.floor) == ({"a": 5}, 901, 901)
    assert lookout.next_survey_at == SURVEY_SECONDS


def test_an_asked_channel_waits_no_more_unless_it_has_a_rest() -> None:
    lookout = begun(Sighting(found={"a": 5, "b": 6}, top=9))
    lookout.claimed(Claim(asked=["a", "b"], sighting=Sighting(found={"b": 8})))
    assert lookout.waiting == {"b": 8}


def test_an_earlier_message_of_a_waiting_channel_is_not_forgotten() -> None:
    lookout = begun(Sighting(found={"a": 8}, top=9))
    lookout.claimed(seen(9, a=4))
    lookout.claimed(seen(9, a=6))
    assert lookout.waiting == {"a": 4}


def test_who_runs_is_waited_for_until_a_look_that_missed_nothing_shows_the_end() -> None:
    lookout = begun(Sighting(top=900, running=[10, 12]))
    assert (lookout.start, lookout.floor, lookout.running) == (901, 0, [10, 12])
    lookout.claimed(CUT)
    assert lookout.running == [10, 12]
    lookout.claimed(seen(running=[12, 20]))
    assert (lookout.start, lookout.floor, lookout.running) == (901, 0, [12])
    lookout.claimed(seen(running=[20]))
    assert (lookout.start, lookout.floor, len(lookout.running)) == (901, 901, 0)


def test_a_look_that_begins_far_back_wants_a_fence_and_begins_behind_it() -> None:
    lookout = begun()
    lookout.claimed(seen(LOOK_IDS - 1))
    assert not lookout.wants_fence
    lookout.claimed(seen(LOOK_IDS + 1))
    assert (lookout.wants_fence, lookout.start) == (True, 1)
    lookout.claimed(seen(LOOK_IDS + 1, running=[5]), fence=LOOK_IDS + 3)
    assert (lookout.wants_fence, lookout.start, lookout.running) == (False, LOOK_IDS + 4, [5])
    assert lookout.floor == 1


def test_a_fence_before_a_look_that_was_cut_says_nothing() -> None:
    lookout = begun()
    lookout.claimed(CUT, fence=2000)
    assert (lookout.start, lookout.wants_fence) == (1, False)


def test_a_transaction_that_never_ends_holds_back_the_floor_and_not_the_look() -> None:
    lookout = begun(Sighting(top=100, running=[1]))
    for turn in range(1, 50):
        lookout.claimed(seen(turn * 1000, running=[1, turn + 1]), fence=turn * 1000)
        assert lookout.start == turn * 1000 + 1
        lookout.claimed(seen(running=[1]))
        assert (lookout.floor, lookout.running) == (0, [1])
    lookout.claimed(seen())
    assert lookout.floor == 49_001


def test_transactions_that_overlap_for_ever_let_the_floor_rise() -> None:
    lookout = begun(Sighting(top=100, running=[1]))
    for turn in range(1, 50):
        lookout.claimed(seen(turn * 1000, running=[turn, turn + 1]), fence=turn * 1000)
        lookout.claimed(seen(running=[turn + 1]))
    assert lookout.floor > 45_000


def test_a_survey_of_an_emptied_outbox_sets_nothing_back() -> None:
    lookout = begun(Sighting(top=900, running=[10]))
    lookout.surveyed(Sighting(top=0, running=[10, 15]), SURVEY_SECONDS, 0.0)
    assert (lookout.start, lookout.running) == (901, [10, 15])


def test_surveys_take_a_tenth_of_the_time_at_most() -> None:
    lookout = begun()
    lookout.surveyed(Sighting(), 10.0, 2.0)
    assert lookout.next_survey_at == 10.0 + SURVEY_SECONDS
    lookout.claimed(CUT)
    assert lookout.next_survey_at == 10.0 + 20.0


def test_after_a_look_that_was_cut_channels_are_asked_from_where_it_began() -> None:
    lookout = begun(Sighting(found={"a": 500, "b": 3}, top=900))
    lookout.claimed(CUT)
    assert lookout.waiting == {"a": 7, "b": 3}
