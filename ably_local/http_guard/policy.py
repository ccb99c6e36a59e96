"""Decides from a request's head whether to accept it: by its host and by the page that sent it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""`localhost.` and `*.localhost` are excluded: some systems resolve them over the network."""

MISDIRECTED = 421
FORBIDDEN = 403
MAX_QUOTED_CHARS = 100

_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?")
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(.+)")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_NO_PAGE = "no web page may call this service"


@dataclass(frozen=True, kw_only=True)
class RequestHead:
    """The head of a request, as sent.

    Attributes:
        target: from the request line.
        hosts: every value of `Host`.
        origins: every value of `Origin`.
        site: `Sec-Fetch-Site`; several values are joined and match nothing. None if absent.
        mode: `Sec-Fetch-Mode`.
        destination: `Sec-Fetch-Dest`.
    """

    method: str
    target: str
    hosts: tuple[str, ...]
    origins: tuple[str, ...] = ()
    site: str | None = None
    mode: str | None = None
    destination: str | None = None

    @classmethod
    def read(
        cls, method: str, target: str, values: Callable[[str], Sequence[str]]
    ) -> "RequestHead":
        """Read a head; `values` returns all values of a header by its lower-case name."""

        def joined(name: str) -> str | None:
            return ", ".join(values(name)) or None

        return cls(
            method=method,
            target=target,
            hosts=tuple(values("host")),
            origins=tuple(values("origin")),
            site=joined("sec-fetch-site"),
            mode=joined("sec-fetch-mode"),
            destination=joined("sec-fetch-dest"),
        )

    @property
    def opens_document(self) -> bool:
        """Whether a person opens this address as a document, for example through a link."""
        return (
            self.method in {"GET", "HEAD"}
            and self.mode == "navigate"
            and self.destination == "document"
        )


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused.

    Attributes:
        status: HTTP status; 421 if the request is for another host, else 403.
        sentence: the reason, for the developer of the caller; ASCII.
    """

    status: int
    sentence: str


@dataclass(frozen=True, kw_only=True)
class AccessPolicy:
    """Which requests a service accepts; requests without browser headers are always accepted.

    Attributes:
        hosts: values of `Host` to accept besides loopback, as returned by `parse_host`.
        origins: origins of pages to accept besides loopback, as returned by `parse_origin`.
        pages: whether to accept pages; False refuses those of loopback too.
        documents: whether a link on any site may open this address.
        host_advice: what to do, appended to the sentence that refuses a host.
        origin_advice: what to do, appended to the sentence that refuses an origin.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    pages: bool = True
    documents: bool = False
    host_advice: str = ""
    origin_advice: str = ""

    def refusal(self, head: RequestHead) -> Refusal | None:
        """Why the request is refused, or None."""
        return self._wrong_host(head) or self._wrong_sender(head)

    def without_pages(self) -> "AccessPolicy":
        """The same policy without any page."""
        return replace(self, pages=False, documents=False)

    def _wrong_host(self, head: RequestHead) -> Refusal | None:
        if not head.target.startswith("/"):
            # An absolute-form target names its own host, which takes precedence over `Host`.
            return Refusal(MISDIRECTED, "the request line must hold a path; this is no proxy")
        if len(head.hosts) != 1:
            return Refusal(MISDIRECTED, "the request must have one Host header")
        (host,) = head.hosts
        if _host_of(host.lower()) in LOOPBACK_HOSTS | self.hosts:
            return None
        sentence = f"this service answers for localhost, not for the host {_quoted(host)}"
        return Refusal(MISDIRECTED, sentence + self.host_advice)

    def _wrong_sender(self, head: RequestHead) -> Refusal | None:
        if head.origins:
            return self._wrong_origin(head.origins)
        if head.site in (None, "none"):  # not a browser, or the user typed the address
            return None
        if not self.pages:
            return Refusal(FORBIDDEN, _NO_PAGE)
        # Without an Origin, "same-site" means the same host on another port: also loopback.
        if head.site in ("same-origin", "same-site") or (self.documents and head.opens_document):
            return None
        return Refusal(FORBIDDEN, "a page of another site may not call this service")

    def _wrong_origin(self, origins: tuple[str, ...]) -> Refusal | None:
        if not self.pages:
            return Refusal(FORBIDDEN, _NO_PAGE)
        if len(origins) == 1 and self._allows_origin(origins[0].lower()):
            return None
        page = _quoted(", ".join(origins))
        sentence = f"a page of the origin {page} may not call this service"
        return Refusal(FORBIDDEN, sentence + self.origin_advice)

    def _allows_origin(self, origin: str) -> bool:
        if origin in self.origins:
            return True
        scheme, _, authority = origin.partition("://")
        return scheme in _DEFAULT_PORTS and _host_of(authority) in LOOPBACK_HOSTS


NO_PAGES = AccessPolicy(pages=False)
LOOPBACK_PAGES = AccessPolicy()
DOCUMENTS = AccessPolicy(documents=True)


def parse_host(text: str) -> str:
    """Parse a host to accept.

    Raises:
        ValueError: if it is not a host name or address without scheme and port.
    """
    match = _AUTHORITY.fullmatch(text.lower())
    if match is None or match[2]:
        raise ValueError(f"{_quoted(text)} is not a host: give its name without scheme and port")
    return match[1]


def parse_origin(text: str) -> str:
    """Parse an origin to accept; returns it in the form that a browser sends.

    Raises:
        ValueError: if it is not an origin. `*` and `null` are rejected: either matches any page.
    """
    match = _ORIGIN.fullmatch(text.lower())
    authority = _AUTHORITY.fullmatch(match[2]) if match else None
    if match is None or authority is None:
        raise ValueError(
            f"{_quoted(text)} is not an origin: give scheme, host and port if there is one, "
            "such as https://app.test"
        )
    scheme, (host, port) = match[1], authority.groups()
    named = port is not None and port != _DEFAULT_PORTS.get(scheme)
    return f"{scheme}://{host}:{port}" if named else f"{scheme}://{host}"


def _host_of(authority: str) -> str | None:
    """The host of `host[:port]`; None if it is malformed."""
    match = _AUTHORITY.fullmatch(authority)
    return match[1] if match else None


def _quoted(text: str) -> str:
    return ascii(text[:MAX_QUOTED_CHARS])
