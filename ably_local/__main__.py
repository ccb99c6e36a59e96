"""`python -m ably_local`: run the local Ably until Ctrl-C."""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from botocore.credentials import Credentials

from ably_local import AblyServer, Limits
from ably_local.auth.keys import parse_key
from ably_local.http_guard import AccessPolicy, parse_host, parse_origin
from ably_local.private_file import PrivateFileError, require_ours, write_private
from ably_local.server.server import UNKNOWN

EPILOG = """\
environment:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
      credentials with which the server assumes the roles of rules. Without --sts-endpoint-url,
      the server invokes functions with these credentials for rules that name a role.
"""


def main() -> int:
    """Parse the command line and run the server; returns the exit code."""
    options = _parser().parse_args()
    server = AblyServer(
        port=options.port,
        api_key=options.key,
        limits=Limits.off() if options.no_limits else None,
        lambda_endpoint_url=options.lambda_endpoint_url,
        sts_endpoint_url=options.sts_endpoint_url,
        fault_admin=options.faults,
        provisioning=options.provisioning,
        access=_access(options),
        aws_credentials=_aws_credentials(os.environ),
    )
    try:
        asyncio.run(_serve(server, options.ready_file))
    except PrivateFileError as error:
        print(f"{error}, or choose another path with --ready-file", file=sys.stderr)  # noqa: T201  # a command's own output
        return 1
    except OSError as error:
        print(f"unable to listen on port {options.port}; {error.strerror}", file=sys.stderr)  # noqa: T201  # a command's own output
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ably_local",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="TCP port (default: a free one)")
    parser.add_argument(
        "--ready-file",
        type=Path,
        help="write address and keys here as JSON once the server listens",
    )
    parser.add_argument(
        "--key", type=_typed(_key), help="<app>.<key>:<secret> (default: generated)"
    )
    parser.add_argument("--lambda-endpoint-url", help="Lambda endpoint that rules invoke")
    parser.add_argument("--sts-endpoint-url", help="STS endpoint where rules assume their roles")
    parser.add_argument("--no-limits", action="store_true", help="do not limit sizes and rates")
    parser.add_argument("--faults", action="store_true", help="serve the admin endpoint /faults")
    parser.add_argument(
        "--provisioning",
        action="store_true",
        help="let every program on this machine create test apps with POST /apps",
    )
    parser.add_argument(
        "--allowed-origin",
        action="append",
        default=[],
        type=_typed(parse_origin),
        metavar="ORIGIN",
        help="allow pages of this origin too, such as https://app.test; may be repeated",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        type=_typed(parse_host),
        metavar="NAME",
        help="answer requests for this host too, such as 10.0.2.2, the address at which an Android "
        "emulator reaches this machine; may be repeated",
    )
    return parser


def _access(options: argparse.Namespace) -> AccessPolicy:
    return AccessPolicy(
        hosts=frozenset(options.allowed_host),
        origins=frozenset(options.allowed_origin),
        host_advice=": to allow it, start with --allowed-host",
        origin_advice=": to allow it, start with --allowed-origin",
    )


def _aws_credentials(environment: Mapping[str, str]) -> Credentials:
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        return UNKNOWN
    return Credentials(key, secret, environment.get("AWS_SESSION_TOKEN"))


async def _serve(server: AblyServer, ready_file: Path | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    if ready_file is not None:
        require_ours(ready_file)
    await server.start()
    try:
        document = json.dumps(_ready_document(server), indent=2)
        if ready_file is not None:
            write_private(ready_file, document)
        print(document, flush=True)  # noqa: T201  # a command's own output
        await stopped.wait()
    finally:
        await server.stop()


def _ready_document(server: AblyServer) -> dict[str, str | int | bool]:
    return {
        "host": "localhost",
        "port": server.port,
        "tls": False,
        "app_id": server.app_id,
        "api_key": server.api_key,
        "control_api_url": server.control_api_url,
        "control_token": server.control_token,
    }


def _key(text: str) -> str:
    return parse_key(text).text


def _typed(parse: Callable[[str], str]) -> Callable[[str], str]:
    """Wrap a parser so that argparse reports its error message."""

    def typed(text: str) -> str:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return typed


if __name__ == "__main__":
    sys.exit(main())
