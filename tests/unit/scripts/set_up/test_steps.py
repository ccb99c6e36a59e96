"""Which steps are made, and in which order."""

from scripts.set_up.steps import STEPS, chosen


def names(*wanted: str) -> list[str]:
    return [step.name for step in chosen(list(wanted))]


def test_without_a_name_all_are_chosen() -> None:
    assert names() == [step.name for step in STEPS]


def test_what_a_step_needs_comes_first() -> None:
    assert names("page") == ["web", "page"]
    assert names("ministack", "page", "python") == ["python", "web", "page", "ministack"]


def test_every_step_comes_after_what_it_needs() -> None:
    for number, step in enumerate(STEPS):
        assert set(step.needs) <= {earlier.name for earlier in STEPS[:number]}
