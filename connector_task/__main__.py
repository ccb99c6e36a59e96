"""The command line: `python -m connector_task [COMMAND] [CONFIG]`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence

from connector_task.cli.arguments import parse
from connector_task.config.model import Settings
from connector_task.config.sources import load
from connector_task.errors import ConfigurationError, ConnectorError, ErrorCode

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_CONFIGURATION = 2


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do what the arguments say; returns the exit status."""
    options = parse(arguments)
    try:
        settings = load(options.config, environment)
        if options.command == "run":
            _run(settings)
        else:
            print(_command(options, settings))  # noqa: T201  # the command's result
    except ConfigurationError as exc:
        _complain("the configuration cannot be used:", *(f"  {one}" for one in exc.problems))
        return EXIT_CONFIGURATION
    except ConnectorError as exc:
        _complain(f"{exc} [{exc.code}]")
        return EXIT_FAILED
    except KeyboardInterrupt:  # a command was interrupted; `run` has its own way to stop
        _complain("interrupted")
        return EXIT_FAILED
    return EXIT_OK


def _run(settings: Settings) -> None:
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


def _command(options: argparse.Namespace, settings: Settings) -> str:
    if options.command == "health":  # asked every few seconds: without the database's libraries
        return _health(settings)
    from connector_task.cli import commands

    return commands.perform(options, settings, tell=_complain)


def _health(settings: Settings) -> str:
    from connector_task.observability.health import ask

    if not settings.health_port:
        message = "the health check is off: set healthPort (CONNECTOR_HEALTH_PORT)"
        raise ConnectorError(ErrorCode.HEALTH_UNREACHABLE, message)
    return ask(settings.health_port)


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _complain(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr)  # noqa: T201  # what went wrong, for the person


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
