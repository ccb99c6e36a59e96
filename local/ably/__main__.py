"""`python -m local.ably`: the local Ably alone, until Ctrl-C."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from local.ably import AblyServer, Limits
from local.ably.keys import parse_key


def main() -> int:
    """Parse the command line and serve; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.ably", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port (default: a free one)")
    parser.add_argument("--ready-file", type=Path, help="written as JSON once it listens")
    parser.add_argument("--key", type=_key, help="<app>.<key>:<secret> (default: generated)")
    parser.add_argument("--lambda-endpoint-url", help="where rules invoke functions")
    parser.add_argument("--sts-endpoint-url", help="where rules assume their roles")
    parser.add_argument("--no-limits", action="store_true", help="refuse nothing for size or rate")
    parser.add_argument("--faults", action="store_true", help="serve the admin endpoint /faults")
    options = parser.parse_args()
    server = AblyServer(
        port=options.port,
        api_key=options.key,
        limits=Limits.off() if options.no_limits else None,
        lambda_endpoint_url=options.lambda_endpoint_url,
        sts_endpoint_url=options.sts_endpoint_url,
        fault_admin=options.faults,
    )
    try:
        asyncio.run(_serve(server, options.ready_file))
    except OSError as error:
        print(f"unable to listen on port {options.port}; {error.strerror}", file=sys.stderr)  # noqa: T201  # a command's own output
        return 1
    return 0


async def _serve(server: AblyServer, ready_file: Path | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    await server.start()
    facts = {
        "host": "localhost",
        "port": server.port,
        "tls": False,
        "app_id": server.app_id,
        "api_key": server.api_key,
        "control_api_url": server.control_api_url,
        "control_token": server.control_token,
    }
    if ready_file is not None:
        _write(ready_file, json.dumps(facts))
    print(json.dumps(facts, indent=2), flush=True)  # noqa: T201  # a command's own output
    await stopped.wait()
    await server.stop()


def _write(ready_file: Path, text: str) -> None:
    """Write the file whole or not at all: it is read the moment it is there."""
    draft = ready_file.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(ready_file)


def _key(text: str) -> str:
    try:
        return parse_key(text).text
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
