"""Which requests the guard accepts, by their heads."""

import pytest

from ably_local.http_guard import (
    DOCUMENTS,
    LOOPBACK_PAGES,
    NO_PAGES,
    AccessPolicy,
    Refusal,
    RequestHead,
    parse_host,
    parse_origin,
)

POLICIES = [NO_PAGES, LOOPBACK_PAGES, DOCUMENTS]
OURS = ["localhost", "localhost:8000", "LocalHost:1", "127.0.0.1", "127.0.0.1:65535", "[::1]:80"]
FOREIGN_HOSTS = [
    "evil.test",
    "evil.test:8000",
    "localhost.evil.test",
    "evil.test.localhost",
    "chat.localhost:8000",
    "localhost.",
    "localhost.:8000",
    "127.0.0.1.evil.test",
    "127.0.0.1.",
    "127.1",
    "0.0.0.0:8000",
    "192.168.0.7:8000",
    "[::]:8000",
    "[::ffff:127.0.0.1]",
    "2130706433",
]
MALFORMED_HOSTS = [
    "",
    " ",
    ":8000",
    "localhost:",
    "localhost:port",
    "localhost:1:2",
    "localhost:123456",
    "localhost,evil.test",
    "localhost evil.test",
    "localhost\n",
    "evil@localhost",
    "http://localhost",
    "localhost/evil",
    "::1",
    "localhost\udcff",
]
OUR_ORIGINS = [
    "http://localhost",
    "http://localhost:5173",
    "https://localhost:5173",
    "http://127.0.0.1:8000",
    "http://[::1]:3000",
]
FOREIGN_ORIGINS = [
    "https://evil.test",
    "http://evil.test:8000",
    "null",
    "",
    "localhost",
    "localhost:8000",
    "http://localhost.evil.test",
    "http://chat.localhost",
    "http://localhost.",
    "http://localhost@evil.test",
    "http://localhost:8000/",
    "file://localhost",
    "chrome-extension://localhost",
    "http://0.0.0.0:8000",
]


def head(
    *hosts: str,
    method: str = "GET",
    target: str = "/",
    origins: tuple[str, ...] = (),
    site: str | None = None,
    mode: str | None = None,
    destination: str | None = None,
) -> RequestHead:
    return RequestHead(
        method=method,
        target=target,
        hosts=hosts or ("localhost:8000",),
        origins=origins,
        site=site,
        mode=mode,
        destination=destination,
    )


def status(refusal: Refusal | None) -> int | None:
    return refusal.status if refusal else None


LINK = head(site="cross-site", mode="navigate", destination="document")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("host", OURS)
def test_a_request_without_a_browsers_headers_is_answered(policy: AccessPolicy, host: str) -> None:
    assert policy.refusal(head(host, method="POST")) is None


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("host", [*FOREIGN_HOSTS, *MALFORMED_HOSTS])
def test_a_foreign_or_malformed_host_is_refused(policy: AccessPolicy, host: str) -> None:
    assert status(policy.refusal(head(host))) == 421


@pytest.mark.parametrize("hosts", [(), ("localhost", "localhost"), ("localhost", "evil.test")])
def test_a_request_needs_exactly_one_host(hosts: tuple[str, ...]) -> None:
    without = RequestHead(method="GET", target="/", hosts=hosts)
    assert status(LOOPBACK_PAGES.refusal(without)) == 421


@pytest.mark.parametrize(
    "target", ["http://evil.test/", "http://localhost:8000/", "localhost:80", "*", ""]
)
def test_a_target_that_is_not_a_path_is_refused(target: str) -> None:
    assert status(LOOPBACK_PAGES.refusal(head(target=target))) == 421


@pytest.mark.parametrize("origin", OUR_ORIGINS)
@pytest.mark.parametrize("site", [None, "same-origin", "same-site", "cross-site"])
def test_a_page_of_loopback_can_call_services_for_pages(origin: str, site: str | None) -> None:
    # To a browser, 127.0.0.1 and localhost are different sites.
    given = head(method="POST", origins=(origin,), site=site, mode="cors", destination="empty")
    assert LOOPBACK_PAGES.refusal(given) is None
    assert DOCUMENTS.refusal(given) is None
    assert status(NO_PAGES.refusal(given)) == 403


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize("site", [None, "same-origin", "same-site", "cross-site", "none"])
def test_a_page_of_another_origin_is_refused(
    policy: AccessPolicy, origin: str, site: str | None
) -> None:
    assert status(policy.refusal(head(origins=(origin,), site=site))) == 403


def test_one_of_two_origins_is_not_enough() -> None:
    given = head(origins=("http://localhost", "https://evil.test"))
    assert status(LOOPBACK_PAGES.refusal(given)) == 403


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("site", ["cross-site", "", "Cross-Site", "none, cross-site", "new-value"])
@pytest.mark.parametrize("destination", ["script", "image", "iframe", "empty", None])
def test_a_subresource_request_of_another_site_is_refused_without_an_origin(
    policy: AccessPolicy, site: str, destination: str | None
) -> None:
    mode = "navigate" if destination == "iframe" else "no-cors"
    given = head(site=site, mode=mode, destination=destination)
    assert status(policy.refusal(given)) == 403


@pytest.mark.parametrize("site", ["same-origin", "same-site"])
def test_a_subresource_request_of_a_loopback_page_is_answered_by_services_for_pages(
    site: str,
) -> None:
    given = head(site=site, mode="no-cors", destination="script")
    assert LOOPBACK_PAGES.refusal(given) is None
    assert status(NO_PAGES.refusal(given)) == 403


@pytest.mark.parametrize("policy", POLICIES)
def test_an_address_that_a_user_types_is_answered(policy: AccessPolicy) -> None:
    assert policy.refusal(head(site="none", mode="navigate", destination="document")) is None


def test_a_link_on_another_site_opens_only_documents() -> None:
    assert DOCUMENTS.refusal(LINK) is None
    assert status(LOOPBACK_PAGES.refusal(LINK)) == 403
    assert status(NO_PAGES.refusal(LINK)) == 403


@pytest.mark.parametrize(
    "given",
    [
        head(method="POST", site="cross-site", mode="navigate", destination="document"),
        head(site="cross-site", mode="navigate", destination="iframe"),
        head(site="cross-site", mode="no-cors", destination="document"),
        head("evil.test", site="cross-site", mode="navigate", destination="document"),
        head(origins=("null",), site="cross-site", mode="navigate", destination="document"),
    ],
)
def test_a_request_that_is_not_a_link_opens_nothing(given: RequestHead) -> None:
    assert DOCUMENTS.refusal(given) is not None


def test_only_named_hosts_and_origins_are_accepted() -> None:
    policy = AccessPolicy(hosts=frozenset({"10.0.2.2"}), origins=frozenset({"https://app.test"}))
    assert policy.refusal(head("10.0.2.2:8081")) is None
    assert policy.refusal(head("localhost")) is None
    assert status(policy.refusal(head("10.0.2.3"))) == 421
    assert policy.refusal(head(origins=("https://app.test",), site="cross-site")) is None
    for origin in ("http://app.test", "https://app.test:444", "https://app.test.evil.test"):
        assert status(policy.refusal(head(origins=(origin,)))) == 403
    without = policy.without_pages()
    assert without.refusal(head("10.0.2.2")) is None
    assert status(without.refusal(head(origins=("https://app.test",)))) == 403


def test_a_refusal_names_the_cause_and_what_to_do() -> None:
    policy = AccessPolicy(host_advice=": use --host", origin_advice=": use --origin")
    of_host = policy.refusal(head("evil.test:8000"))
    of_page = policy.refusal(head(origins=("https://evil.test",)))
    assert of_host == Refusal(
        421, "this service answers for localhost, not for the host 'evil.test:8000': use --host"
    )
    assert of_page == Refusal(
        403,
        "a page of the origin 'https://evil.test' may not call this service: use --origin",
    )


@pytest.mark.parametrize("text", ["é\udcff<script>\n", "x" * 10_000])
def test_a_refusal_is_short_ascii_for_any_input(text: str) -> None:
    for given in (head(text), head(origins=(text,))):
        refusal = LOOPBACK_PAGES.refusal(given)
        assert refusal is not None
        assert refusal.sentence.isascii()
        assert refusal.sentence.isprintable()
        assert len(refusal.sentence) < 250


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("10.0.2.2", "10.0.2.2"),
        ("Host.Docker.Internal", "host.docker.internal"),
        ("[::2]", "[::2]"),
    ],
)
def test_a_host_is_named_without_case_scheme_or_port(text: str, host: str) -> None:
    assert parse_host(text) == host


@pytest.mark.parametrize("text", ["", "*", "app.test:80", "http://app.test", "app.test/", "a b"])
def test_an_invalid_host_is_refused_with_a_message(text: str) -> None:
    with pytest.raises(ValueError, match="is not a host: give its name"):
        parse_host(text)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://app.test", "https://app.test"),
        ("HTTPS://App.Test:443", "https://app.test"),
        ("http://app.test:80", "http://app.test"),
        ("http://app.test:443", "http://app.test:443"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("http://[::2]:3000", "http://[::2]:3000"),
    ],
)
def test_an_origin_is_parsed_as_a_browser_sends_it(text: str, origin: str) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    "text", ["", "*", "null", "app.test", "https://app.test/", "https://*.app.test", "https://"]
)
def test_an_invalid_origin_is_refused_with_a_message(text: str) -> None:
    with pytest.raises(ValueError, match="is not an origin: give scheme, host and port"):
        parse_origin(text)
