"""The command line's grammar: `python -m connector_task [COMMAND] [CONFIG]`."""

import argparse
from collections.abc import Sequence

COMMANDS = {
    "run": "install, unless told otherwise, then publish until stopped (the default)",
    "check": "say whether the configuration fits the database and what install would change",
    "install": "bring the database to the configuration, and end",
    "uninstall": "drop everything that install made",
    "status": "show leader, backlog, retries and dead letters",
    "dead-letter": "list, retry or discard the messages that Ably permanently refused",
    "replay": "publish rows that are there already, as INSERTs, without blocking writers",
    "health": "ask the connector on this machine whether its loop is alive",
}
DEAD_LETTER_ACTIONS = {
    "list": "show dead letters, the oldest first, without what they say",
    "retry": "put dead letters back into the outbox, behind what waits there",
    "discard": "forget dead letters",
}
LISTED = 100


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the arguments; ends the process where they are wrong or ask for help."""
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
        command = commands.add_parser(name, help=text, description=_sentence(text))
        if name == "dead-letter":
            _add_dead_letter(command)
            continue
        _add_config(command)
        if name == "uninstall":
            command.add_argument(
                "--force",
                action="store_true",
                help="even if messages wait, dead letters are kept or a connector runs",
            )
        elif name == "status":
            _add_json(command)
        elif name == "replay":
            _add_replay(command)
    return parser.parse_args(_with_command(arguments))


def _with_command(arguments: Sequence[str]) -> list[str]:
    """Without a command, `run` is meant: the original took only the file."""
    first = arguments[0] if arguments else None
    if first is None or (first not in COMMANDS and not first.startswith("-")):
        return ["run", *arguments]
    return list(arguments)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _add_config(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "config", nargs="?", metavar="CONFIG", help="a .json or .env file; default: environment"
    )


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="as JSON, for programs")


def _add_dead_letter(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in DEAD_LETTER_ACTIONS.items():
        action = actions.add_parser(name, help=text, description=_sentence(text))
        _add_config(action)
        _add_json(action)
        selection = action.add_mutually_exclusive_group(required=name != "list")
        selection.add_argument(
            "--id", type=int, action="append", dest="ids", metavar="ID",
            help="its outbox id; may be given more than once",
        )  # fmt: skip
        selection.add_argument("--channel", help="all of a channel")
        if name == "list":
            action.add_argument(
                "--limit", type=_positive, default=LISTED, metavar="N",
                help=f"at most so many; default: {LISTED}",
            )  # fmt: skip
        else:
            selection.add_argument("--all", action="store_true", help="all there are")


def _add_replay(command: argparse.ArgumentParser) -> None:
    command.add_argument("--table", required=True, metavar="T", help="as in the configuration")
    command.add_argument("--where", metavar="SQL", help="a condition on the rows; default: all")
    command.add_argument(
        "--channel", metavar="C",
        help="only this one; one that no INSERT mapping names gets whole rows",
    )  # fmt: skip
    command.add_argument(
        "--after", metavar="KEY", help="begin behind this key, as an interrupted replay has told it"
    )
    command.add_argument(
        "--rows", type=_positive, default=500, metavar="N",
        help="rows of one transaction; default: 500",
    )  # fmt: skip
    command.add_argument(
        "--max-backlog", type=_positive, default=5000, metavar="N",
        help="wait while more messages than this are to be published; default: 5000",
    )  # fmt: skip


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
