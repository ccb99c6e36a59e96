"""Whether a request may come in, by its head: for whom it is, and which page has sent it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""`localhost.` and `*.localhost` are not among them: some systems ask the network for these."""

MISDIRECTED = 421
FORBIDDEN = 403
MAX_QUOTED_CHARS = 100

_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?")
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(.+)")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_NO_PAGE = "no web page may call this service"


@dataclass(frozen=True, kw_only=True)
class RequestHead:
    """What a request says of itself, as it was sent.

    Attributes:
        target: from the request line.
        hosts: every value of `Host`.
        origins: every value of `Origin`.
        site: `Sec-Fetch-Site`; several values are joined, and then mean nothing. None without.
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
        """Read a head; `values` gives all values of a header by its lower-case name."""

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
        """Whether a person goes to this address, in a tab of its own: by a link, say."""
        return (
            self.method in {"GET", "HEAD"}
            and self.mode == "navigate"
            and self.destination == "document"
        )


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered.

    Attributes:
        status: HTTP status; 421 where the request is for another host, else 403.
        sentence: for the developer whose request it was; ASCII.
    """

    status: int
    sentence: str


@dataclass(frozen=True, kw_only=True)
class AccessPolicy:
    """Which requests a service answers. A request without a browser's headers is one of them.

    Attributes:
        hosts: names that `Host` may have besides those of loopback, as `parse_host` gives them.
        origins: of pages that may call, besides those of loopback, as `parse_origin` gives them.
        pages: whether any page may call; False refuses those of loopback too.
        documents: whether a link on any site may lead here.
        host_advice: what to do, at the end of the sentence that refuses a host.
        origin_advice: what to do, at the end of the sentence that refuses an origin.
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
        """The same hosts, and no page at all."""
        return replace(self, pages=False, documents=False)

    def _wrong_host(self, head: RequestHead) -> Refusal | None:
        if not head.target.startswith("/"):
            # An absolute form names a host of its own, which has precedence over `Host`.
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
        if head.site in (None, "none"):  # no browser; or a person who has typed the address
            return None
        if not self.pages:
            return Refusal(FORBIDDEN, _NO_PAGE)
        # Without an Origin, "same-site" is the same host on another port: loopback as well.
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
    """A host that a person names, to be allowed.

    Raises:
        ValueError: it is not a name or address alone.
    """
    match = _AUTHORITY.fullmatch(text.lower())
    if match is None or match[2]:
        raise ValueError(f"{_quoted(text)} is not a host: give its name without scheme and port")
    return match[1]


def parse_origin(text: str) -> str:
    """An origin that a person names, to be allowed, in the form in which a browser sends it.

    Raises:
        ValueError: it is not one. `*` and `null` are not: either would let in any page.
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
    """The host of `host[:port]`; None where it is malformed."""
    match = _AUTHORITY.fullmatch(authority)
    return match[1] if match else None


def _quoted(text: str) -> str:
    return ascii(text[:MAX_QUOTED_CHARS])
