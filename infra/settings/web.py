"""The HTTP API, its logins, and the page."""

from dataclasses import dataclass
from typing import Literal, get_args

from infra.settings import formats
from infra.settings.fields import flag, integer, list_of, one_of, optional, setting

AuthMode = Literal["anonymous", "jwt"]


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """What browsers reach."""

    auth_mode: AuthMode = setting(
        "`anonymous`: each browser is given an identity, kept in a cookie. `jwt`: `/auth` and "
        "`/messages` answer only to a token of the issuer below, sent as `Authorization: Bearer "
        "…`; its subject is the Ably client id",
        one_of(*get_args(AuthMode)),
        dev="anonymous",
    )
    jwt_issuer: str | None = setting("with `jwt`: the issuer", optional(formats.issuer), dev="none")
    jwt_audience: tuple[str, ...] = setting(
        "with `jwt`: accepted audiences, separated by commas", list_of(formats.audience), dev="none"
    )
    token_ttl_seconds: int = setting(
        "life of a browser's Ably token; the page renews it by itself",
        integer(60, 86400, unit="seconds"),
        dev="3600",
    )
    history_max_limit: int = setting(
        "rows that one `GET /messages` may ask for", integer(1, 1000), dev="200"
    )
    allowed_origins: tuple[str, ...] = setting(
        "sites whose pages may call the API; `none` is the API's own origin only",
        list_of(formats.origin),
        dev="none",
    )
    api_rate_per_second: int = setting(
        "requests per second that the API accepts", integer(1, 10000), dev="50", prod="500"
    )
    api_burst_count: int = setting(
        "requests that the API accepts together; not below the rate",
        integer(1, 5000),
        dev="100",
        prod="1000",
    )
    page: bool = setting(
        "serve the chat page by CloudFront, with the API under `/api/` on the same origin; it must "
        "have been built (`make web`)",
        flag,
        dev="true",
    )
    page_domain: str | None = setting(
        "the page's own domain name; point it at the output `PageDomainTarget`",
        optional(formats.domain),
        dev="none",
    )
    page_certificate_arn: str | None = setting(
        "with `page_domain`: a certificate for it", optional(formats.certificate_arn), dev="none"
    )
    page_web_acl_arn: str | None = setting(
        "an AWS WAF web ACL in front of page and API. The API's own address is not behind it, only "
        "throttled",
        optional(formats.web_acl_arn),
        dev="none",
    )
