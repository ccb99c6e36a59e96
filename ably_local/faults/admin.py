"""The admin endpoint for faults: `/faults`, authorised by the Control API's access token."""

from collections.abc import Callable

from ably_local.faults.faults import Faults, parse_fault
from ably_local.http import exchange
from ably_local.http.exchange import Request, Response
from ably_local.http.fields import Fields


class FaultAdmin:
    """Handles requests under `/faults`."""

    def __init__(self, faults: Faults, cut_connections: Callable[[], None]) -> None:
        self._faults = faults
        self._cut_connections = cut_connections

    def handle(self, request: Request, path: list[str]) -> Response:
        """Handle a request; `path` is the part after /faults."""
        match request.method, path:
            case "GET", []:
                return Response(value=[fault.describe() for fault in self._faults])
            case "POST", []:
                fault = self._faults.add(parse_fault(Fields(request.object())))
                return Response(status=201, value=fault.describe())
            case "DELETE", []:
                self._faults.clear()
                return Response(status=204)
            case "DELETE", [fault_id]:
                self._faults.remove(fault_id)
                return Response(status=204)
            case "POST", ["cut-connections"]:
                self._cut_connections()
                return Response(status=204)
        raise exchange.not_found(request)


def is_admin(path: str) -> bool:
    """Whether the path is exempt from faults, so that faults can always be removed."""
    return path == "/faults" or path.startswith("/faults/")
