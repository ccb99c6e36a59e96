"""The look for messages begins far ahead, and yet misses none."""

from connector_task.lookout import LOOK_BACK_SECONDS, SURVEY_SECONDS, Lookout
from connector_task.ports import Claim, Sighting

EMPTY = Sighting(top=0, oldest_transaction=10, next_transaction=10)


def seen(top: int, oldest: int, following: int, **found: int) -> Claim:
    sighting = Sighting(found=found, top=top, oldest_transaction=oldest, next_transaction=following)
    return Claim(sighting=sighting)


def begun(sighting: Sighting = EMPTY) -> Lookout:
    lookout = Lookout()
    assert lookout.survey_is_due(0.0)
    lookout.surveyed(sighting, 0.0, 0.0)
    return lookout


def test_what_a_survey_finds_waits_and_the_look_begins_behind_it() -> None:
    sighting = Sighting(found={"a": 5}, top=900, oldest_transaction=10, next_transaction=10)
    lookout = begun(sighting)
    assert (lookout.waiting, lookout.start(0.0)) == ({"a": 5}, 901)
    assert not lookout.survey_is_due(SURVEY_SECONDS - 1)
    assert lookout.survey_is_due(SURVEY_SECONDS)


def test_an_asked_channel_waits_no_more_unless_it_has_a_rest() -> None:
    lookout = begun(Sighting(found={"a": 5, "b": 6}, top=9))
    lookout.claimed(Claim(asked=["a", "b"], sighting=Sighting(found={"b": 8})), 1.0)
    assert lookout.waiting == {"b": 8}


def test_an_earlier_message_of_a_waiting_channel_is_not_forgotten() -> None:
    lookout = begun(Sighting(found={"a": 8}, top=9))
    lookout.claimed(seen(9, 20, 20, a=4), 1.0)
    lookout.claimed(seen(9, 20, 20, a=6), 1.0)
    assert lookout.waiting == {"a": 4}


def test_the_look_goes_back_to_what_a_running_transaction_may_still_commit() -> None:
    lookout = begun()
    lookout.claimed(seen(100, 50, 60), 1.0)
    lookout.claimed(seen(200, 50, 70), 1.1)
    assert lookout.start(1.1) == 1
    lookout.claimed(seen(200, 60, 80), 1.2)  # those before 60 have ended: 100 is proven
    assert lookout.start(1.2) == 101
    lookout.claimed(seen(200, 80, 80), 1.3)
    assert lookout.start(1.3) == 201


def test_a_transaction_that_never_ends_does_not_hold_the_look_back() -> None:
    lookout = begun()
    for turn in range(1000):
        now = turn / 10
        lookout.claimed(seen(turn * 10 + 10, 50, 60 + turn), now)
        assert turn * 10 - lookout.start(now) < 10 * 10 * LOOK_BACK_SECONDS + 30


def test_its_end_calls_for_a_survey_that_finds_what_came_so_late() -> None:
    lookout = begun()
    for turn in range(50):
        lookout.claimed(seen(turn * 10 + 10, 50, 60 + turn), turn / 10)
        lookout.start(turn / 10)
        assert not lookout.survey_is_due(turn / 10)
    lookout.claimed(seen(510, 200, 200), 5.0)
    assert lookout.survey_is_due(5.0)
    lookout.surveyed(Sighting(found={"late": 3}, top=510), 5.0, 0.01)
    assert lookout.waiting["late"] == 3
    assert not lookout.survey_is_due(7.0)


def test_surveys_take_a_tenth_of_the_time_at_most() -> None:
    lookout = begun()
    lookout.surveyed(EMPTY, 10.0, 2.0)
    assert not lookout.survey_is_due(10.0 + SURVEY_SECONDS - 41)
    lookout._survey_at = 0.0  # noqa: SLF001  # as a proof does
    assert not lookout.survey_is_due(29.9)
    assert lookout.survey_is_due(30.0)


def test_a_look_that_was_cut_goes_on_where_it_ended_and_then_begins_anew() -> None:
    lookout = begun()
    cut = Claim(sighting=Sighting(top=1000, oldest_transaction=10, next_transaction=60),
                is_cut=True)  # fmt: skip
    lookout.claimed(cut, 1.0)
    assert lookout.start(1.0) == 1001
    lookout.claimed(seen(1500, 10, 61), 1.1)
    assert lookout.start(1.1) == 1


def test_a_proof_goes_no_further_than_its_own_look() -> None:
    lookout = begun()
    lookout.claimed(seen(1500, 10, 60), 1.0)
    cut = Claim(sighting=Sighting(top=1000, oldest_transaction=70, next_transaction=70),
                is_cut=True)  # fmt: skip
    lookout.claimed(cut, 1.1)
    lookout.claimed(seen(1500, 70, 70), 1.2)
    assert lookout.start(1.2) <= 1001


def test_while_the_look_begins_behind_a_mark_an_end_of_who_ran_then_calls_it_back() -> None:
    lookout = begun()
    running = Sighting(top=50, oldest_transaction=20, next_transaction=60, running=[20])
    lookout.claimed(Claim(sighting=running), 1.0)
    assert (lookout.start(1.0), lookout.running) == (lookout.floor, ())
    later = 1.0 + LOOK_BACK_SECONDS + 0.1
    assert lookout.start(later) == 51
    assert lookout.floor <= 50
    assert lookout.running == [20]
