"""The command line: `python -m connector_task [COMMAND] [CONFIG]`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from connector_task.cli.arguments import parse
from connector_task.config import health_port
from connector_task.errors import ConfigurationError, ConnectorError, ErrorCode

if TYPE_CHECKING:
    from connector_task.config.model import Settings

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_CONFIGURATION = 2


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do what the arguments say; returns the exit status."""
    options = parse(arguments)
    try:
        if options.command == "run":
            _run(_settings(options, environment))
        else:
            print(_command(options, environment))  # noqa: T201  # the command's result
    except ConfigurationError as exc:
        _complain(
            "the configuration cannot be used:", *(f"  {problem}" for problem in exc.problems)
        )
        return EXIT_CONFIGURATION
    except ConnectorError as exc:
        _complain(f"{exc} [{exc.code}]")
        return EXIT_FAILED
    except KeyboardInterrupt:  # a command was interrupted; `run` has its own way to stop
        _complain("interrupted")
        return EXIT_FAILED
    return EXIT_OK


def _settings(options: argparse.Namespace, environment: Mapping[str, str]) -> "Settings":
    from connector_task.config.sources import load

    return load(options.config, environment)


def _run(settings: "Settings") -> None:
    from connector_task import service
    from connector_task.observability.json_logger import JsonLogger

    logger = JsonLogger(service=settings.service, level=settings.log_level)
    try:
        asyncio.run(service.run(settings, logger, _write_line))
    except ConnectorError as exc:
        logger.error(
            "unable to go on", {"action": "stop", "error_code": exc.code, "error": str(exc)}
        )
        raise


def _command(options: argparse.Namespace, environment: Mapping[str, str]) -> str:
    if options.command == "health":
        return _health(options, environment)
    from connector_task.cli import commands

    return commands.perform(options, _settings(options, environment), tell=_complain)


def _health(options: argparse.Namespace, environment: Mapping[str, str]) -> str:
    """Runs every few seconds: without the libraries of settings, Postgres and Ably."""
    from connector_task.observability.health import ask

    port = None if options.config else health_port.from_environment(environment)
    if port is None:
        port = _settings(options, environment).health_port
    if not port:
        message = f"the health check is off: set healthPort ({health_port.HEALTH_PORT})"
        raise ConnectorError(ErrorCode.HEALTH_UNREACHABLE, message)
    return ask(port)


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _complain(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr)  # noqa: T201  # what went wrong, for the person


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
