"""A client for the rules of Ably's Control API: list, create, change, delete.

The client retries idempotent requests after a transient failure. It does not retry a creation,
because Ably would create a second rule: its caller first checks whether the rule exists.
"""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from lambdas.ably_rule.errors import (
    ControlNotFoundError,
    ControlRefusedError,
    ControlTokenError,
    ControlUnavailableError,
)
from lambdas.ably_rule.rule import Rule
from lambdas.common.backoff import Backoff

REQUEST_SECONDS = 10.0
_DETAIL_CHARACTERS = 200
_PASSING = (408, 429)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Treats a redirect as a failure: following it would send the token to another server."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        """Return None: no second request."""


_opener = urllib.request.build_opener(_NoRedirect)


class ControlApi:
    """The Control API for one access token."""

    def __init__(
        self, url: str, token: str, *, backoff: Backoff, request_seconds: float = REQUEST_SECONDS
    ) -> None:
        self._url = url
        self._token = token
        self._backoff = backoff
        self._request_seconds = request_seconds

    def rules(self, app_id: str) -> list[dict[str, Any]]:
        """Every rule of the app.

        Raises:
            ControlNotFoundError: the token's account has no such app.
            FunctionError: see `lambdas.ably_rule.errors`.
        """
        try:
            found = self._repeated("GET", f"/apps/{app_id}/rules")
        except ControlNotFoundError as exc:
            raise ControlNotFoundError(
                f"Ably knows no app {app_id!r} in the account of the access token (404): set "
                "ably_app_id to the part of the API key in front of its first dot, and create the "
                "token in the same account; then deploy again"
            ) from exc
        if not isinstance(found, list):
            raise _not_ably(self._url)
        return [rule for rule in found if isinstance(rule, dict)]

    def create(self, rule: Rule) -> str:
        """Create the rule, in one attempt; returns its id.

        Raises:
            ControlUnavailableError: the rule may or may not exist.
            FunctionError: see `lambdas.ably_rule.errors`.
        """
        made = self._request("POST", f"/apps/{rule.app_id}/rules", rule.body())
        return _rule_id(made, self._url)

    def change(self, rule_id: str, rule: Rule) -> str:
        """Update the rule with this id; returns its id.

        Raises:
            ControlNotFoundError: there is no such rule.
            FunctionError: see `lambdas.ably_rule.errors`.
        """
        path = f"/apps/{rule.app_id}/rules/{rule_id}"
        return _rule_id(self._repeated("PATCH", path, rule.body()), self._url)

    def delete(self, app_id: str, rule_id: str) -> None:
        """Delete the rule.

        Raises:
            ControlNotFoundError: there is no such rule, or no such app.
            FunctionError: see `lambdas.ably_rule.errors`.
        """
        self._repeated("DELETE", f"/apps/{app_id}/rules/{rule_id}")

    def _repeated(self, method: str, path: str, body: object = None) -> Any:
        failure: ControlUnavailableError | None = None
        for _ in self._backoff.tries():
            try:
                return self._request(method, path, body)
            except ControlUnavailableError as exc:
                failure = exc
        if failure is None:
            raise AssertionError("there is at least one attempt")
        raise failure

    def _request(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  # the settings refuse other schemes
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "authorization": f"Bearer {self._token}",
                "accept": "application/json",
                "content-type": "application/json",
            },
        )
        try:
            with _opener.open(request, timeout=self._request_seconds) as answer:
                text = answer.read()
        except urllib.error.HTTPError as exc:
            with exc:
                raise self._translated(exc) from exc
        except (OSError, http.client.HTTPException) as exc:
            reason = exc.reason if isinstance(exc, urllib.error.URLError) else exc
            raise self._unavailable(str(reason) or type(exc).__name__) from exc
        return self._parsed(text)

    def _parsed(self, text: bytes) -> Any:
        try:
            return json.loads(text) if text else None
        except ValueError as exc:
            raise _not_ably(self._url) from exc

    def _translated(self, exc: urllib.error.HTTPError) -> Exception:
        if exc.code >= 500 or exc.code in _PASSING:
            return self._unavailable(f"status {exc.code}")
        if exc.code < 400:
            return _not_ably(self._url)
        detail = self._detail(exc)
        if exc.code == 401:
            return ControlTokenError(
                f"Ably refused the access token of the Control API ({detail}): create one in "
                "Ably's dashboard under My access tokens with the capabilities read:rule and "
                "write:rule, put it into its secret, and deploy again"
            )
        if exc.code == 403:
            return ControlTokenError(
                f"Ably does not permit this to the access token ({detail}): give it the "
                "capabilities read:rule and write:rule in Ably's dashboard, and deploy again"
            )
        if exc.code == 404:
            return ControlNotFoundError(f"Ably knows no such resource ({detail})")
        return ControlRefusedError(f"Ably refused the rule ({detail})")

    def _detail(self, exc: urllib.error.HTTPError) -> str:
        """The status and Ably's message, with the token removed."""
        try:
            said = json.loads(exc.read())["message"]
        except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
            return str(exc.code)
        sentence = str(said).replace(self._token, "…")
        return f"{exc.code}: {sentence[:_DETAIL_CHARACTERS]}"

    def _unavailable(self, why: str) -> ControlUnavailableError:
        return ControlUnavailableError(
            f"Ably's Control API at {self._url} is not available ({why}): check status.ably.com "
            "and the setting ably_control_api_url, then deploy again"
        )


def _rule_id(answer: object, url: str) -> str:
    if not isinstance(answer, dict) or not answer.get("id"):
        raise _not_ably(url)
    return str(answer["id"])


def _not_ably(url: str) -> ControlRefusedError:
    return ControlRefusedError(
        f"the server at {url} is not Ably's Control API: check the setting ably_control_api_url"
    )
