"""The command line: `python -m connector_task [COMMAND] [CONFIG]`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence

from connector_task.config import LogLevel, Settings
from connector_task.config_sources import load
from connector_task.errors import ConfigurationError, ConnectorError, ErrorCode

COMMANDS = {
    "run": "install, unless told otherwise, then publish until stopped (the default)",
    "check": "say whether the configuration fits the database and what install would change",
    "install": "bring the database to the configuration, and end",
    "uninstall": "drop everything that install made",
    "status": "show leader, backlog, retries and dead letters",
    "health": "ask the connector on this machine whether its loop is alive",
}
EXIT_OK = 0
EXIT_FAILED = 1
EXIT_CONFIGURATION = 2


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do what the arguments say; returns the exit status."""
    options = _parse(arguments)
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


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m connector_task",
        description="Publishes every committed change of the configured tables to Ably, in order.",
        epilog=(
            "CONFIG is a path ending in .json, a path ending in .env, or nothing: then the process "
            "environment is read. Every setting is in docs/configuration.md. "
            "Exit status: 0 done, 1 failed, 2 the configuration cannot be used."
        ),
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:])
        command.add_argument(
            "config", nargs="?", metavar="CONFIG", help="a .json or .env file; default: environment"
        )
        if name == "uninstall":
            command.add_argument(
                "--force",
                action="store_true",
                help="even if messages wait, dead letters are kept or a connector runs",
            )
    return parser.parse_args(_with_command(arguments))


def _with_command(arguments: Sequence[str]) -> list[str]:
    """`run` is meant where no command is given: the original took the file alone."""
    first = arguments[0] if arguments else None
    if first is None or (first not in COMMANDS and not first.startswith("-")):
        return ["run", *arguments]
    return list(arguments)


def _run(settings: Settings) -> None:
    from connector_task import service
    from connector_task.json_journal import JsonJournal

    journal = JsonJournal(service=settings.service, level=settings.log_level)
    try:
        asyncio.run(service.run(settings, journal, _write_line))
    except ConnectorError as exc:
        journal.error(
            "unable to go on", {"action": "stop", "error_code": exc.code, "error": str(exc)}
        )
        raise


def _command(options: argparse.Namespace, settings: Settings) -> str:
    if options.command == "health":  # asked every few seconds: without the database's libraries
        return _health(settings)
    from connector_task import commands
    from connector_task.json_journal import JsonJournal

    journal = JsonJournal(service=settings.service, level=LogLevel.WARNING)
    if options.command == "check":
        return commands.check(settings, journal)
    if options.command == "install":
        return commands.install(settings, journal)
    if options.command == "uninstall":
        return commands.uninstall(settings, journal, force=options.force)
    return commands.status(settings)


def _health(settings: Settings) -> str:
    from connector_task.health import ask

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
