import pytest

from ably_local.auth.capabilities import allows, intersect, parse, text
from ably_local.base.errors import AblyError


@pytest.mark.parametrize(
    ("resource", "channel", "allowed"),
    [
        ("chat", "chat", True),
        ("chat", "chat:1", False),
        ("*", "a:b:c", True),
        ("chat:*", "chat:1", True),
        ("chat:*", "chat:1:2", True),
        ("chat:*", "chat", False),
        ("chat:*:in", "chat:1:in", True),
        ("chat:*:in", "chat:1:2:in", False),
        ("chat*", "chatty", False),
        ("*", "[meta]log", False),
        ("[meta]*", "[meta]log", True),
        ("[meta]*", "log", False),
        ("[*]*", "[meta]log", True),
        ("[*]*", "log", True),
    ],
)
def test_wildcards_stand_for_whole_segments(resource: str, channel: str, *, allowed: bool) -> None:
    assert allows({resource: ["publish"]}, channel, "publish") is allowed


def test_an_operation_that_is_not_granted_is_refused() -> None:
    assert not allows({"*": ["subscribe"]}, "chat", "publish")
    assert allows({"*": ["*"]}, "chat", "publish")


@pytest.mark.parametrize(
    ("requested", "held", "granted"),
    [
        ({"a": ["publish"]}, {"*": ["*"]}, {"a": ["publish"]}),
        ({"*": ["*"]}, {"a": ["publish"]}, {"a": ["publish"]}),
        ({"a": ["publish", "subscribe"]}, {"a": ["subscribe"]}, {"a": ["subscribe"]}),
        ({"n:*": ["publish"]}, {"n:x": ["*"], "m": ["*"]}, {"n:x": ["publish"]}),
        ({"n:x": ["publish"]}, {"n:*": ["publish"]}, {"n:x": ["publish"]}),
        ({"n:*:x": ["publish"]}, {"n:*": ["publish"]}, {"n:*:x": ["publish"]}),
        ({"a": ["publish"]}, {"b": ["publish"]}, {}),
        ({"*": ["*"]}, {"[*]*": ["*"]}, {"*": ["*"]}),
    ],
)
def test_a_token_gets_the_intersection_of_request_and_key(
    requested: dict[str, list[str]], held: dict[str, list[str]], granted: dict[str, list[str]]
) -> None:
    assert intersect(requested, held) == granted


def test_the_canonical_text_is_sorted_and_has_no_whitespace() -> None:
    capability = {"b": ["subscribe", "publish"], "a": ["history"]}
    assert text(capability) == '{"a":["history"],"b":["publish","subscribe"]}'


@pytest.mark.parametrize(
    "given", ["{", "[]", '{"a":[]}', '{"a":["fly"]}', '{"":["publish"]}', '{"a":["*","publish"]}']
)
def test_a_malformed_capability_is_refused(given: str) -> None:
    with pytest.raises(AblyError) as refusal:
        parse(given)
    assert (refusal.value.code, refusal.value.status) == (40000, 400)
