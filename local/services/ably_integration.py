"""Ably in a run: the local server with its rule, or the real service with a bridge."""

import asyncio
import json
import re
from typing import Any

from ably_local import AblyServer
from local.aws_access import RunCredentials
from local.errors import LocalError
from local.gateway.settings import AblyAddress
from local.lambda_service import LambdaService
from local.lambda_service.errors import InvokeError
from local.lambda_service.invocation import Invocation
from local.services.ably_rule import ensure_rule
from local.services.functions import INGEST
from local.system.state_dir import AblyIdentity

CONNECT_SECONDS = 15.0
STOP_SECONDS = 1.0
API_KEY = re.compile(r"[\w-]+\.[\w-]+:\S+", re.ASCII)


class LocalAbly:
    """The local Ably, with the same key as in the previous run."""

    def __init__(
        self,
        identity: AblyIdentity,
        *,
        port: int,
        functions: LambdaService,
        credentials: RunCredentials,
    ) -> None:
        self.api_key = identity.api_key
        self.address: AblyAddress | None = AblyAddress(endpoint="localhost", port=port)
        self.name = f"local, on port {port}"
        self._credentials = credentials
        self._server = AblyServer(
            port=port,
            app_id=identity.app_id,
            api_key=identity.api_key,
            control_token=identity.control_token,
            lambda_endpoint_url=functions.endpoint_url,
            aws_credentials=credentials.for_botocore,
        )

    async def start(self) -> None:
        """Start the server and create the rule that invokes the ingest function."""
        await self._server.start()
        await ensure_rule(
            self._server.control_api_url,
            self._server.control_token,
            app_id=self._server.app_id,
            function_name=INGEST,
            credentials=self._credentials,
        )

    async def stop(self) -> None:
        """Stop the server."""
        await asyncio.wait_for(self._server.stop(), STOP_SECONDS)

    def ready(self) -> dict[str, Any]:
        """Its section of the ready file."""
        server = self._server
        return {
            "control_api_url": server.control_api_url,
            "control_token": server.control_token,
            "ably": {
                "host": "localhost",
                "port": server.port,
                "tls": False,
                "api_key": server.api_key,
                "app_id": server.app_id,
            },
        }


class RealAbly:
    """The real Ably; a bridge on this machine replaces the rule."""

    address: AblyAddress | None = None
    name = "ably.com, with ABLY_API_KEY"

    def __init__(self, api_key: str, *, functions: LambdaService) -> None:
        """Create it for an API key.

        Raises:
            LocalError: if the key is malformed.
        """
        # Checked here because the SDK's error message contains the key.
        if not API_KEY.fullmatch(api_key):
            raise LocalError("ABLY_API_KEY must look like appId.keyId:secret")
        self.api_key = api_key
        self._app_id = api_key.partition(".")[0]
        self._functions = functions
        self._stop_bridge: Any = None

    async def start(self) -> None:
        """Connect the bridge.

        Raises:
            LocalError: if Ably cannot be reached or refuses the key.
        """
        # Imported here because the SDK takes up to a second to load, and the local Ably needs none.
        from ably import AblyException, AblyRealtime

        from local.services.rule_bridge import RuleBridge

        try:
            client = AblyRealtime(self.api_key)
            bridge = RuleBridge(client, app_id=self._app_id, invoke=self._invoke)
            self._stop_bridge = bridge.stop
            await asyncio.wait_for(bridge.start(), CONNECT_SECONDS)
        except (AblyException, TimeoutError, ValueError) as error:
            reason = str(error) or f"no answer within {CONNECT_SECONDS:.0f} seconds"
            raise LocalError(f"unable to use Ably with ABLY_API_KEY; {reason}") from error

    async def stop(self) -> None:
        """Disconnect the bridge."""
        if self._stop_bridge is not None:
            await asyncio.wait_for(self._stop_bridge(), STOP_SECONDS)

    def ready(self) -> dict[str, Any]:
        """Its section of the ready file; the user's own key is left out."""
        return {"control_api_url": None, "control_token": None, "ably": None}

    def _invoke(self, event: dict[str, Any]) -> None:
        try:
            self._functions.invoke_event(INGEST, Invocation(payload=json.dumps(event).encode()))
        except InvokeError as error:
            raise LocalError(f"event not accepted; {error}") from error
