"""The options of a run: the command line, and two variables that replace a part."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_STATE_DIR = Path(".local")
DEFAULT_PORT = 8000
BUILT_PAGE = ROOT / "web" / "dist"

EPILOG = """\
environment:
  DATABASE_URL  use this Postgres (postgresql://user:password@host:port/name) instead of an
                embedded one
  ABLY_API_KEY  use the real Ably with this key instead of the local one
"""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of one run.

    Attributes:
        port: port of the page; None picks a free one.
        ready_file: path for the addresses as JSON, written when all parts are up.
        page_folder: the folder of the built page.
        database_url: a Postgres to use instead of the embedded one.
        ably_api_key: a key of the real Ably, to use instead of the local one.
    """

    state_dir: Path
    fresh: bool
    ephemeral: bool
    port: int | None
    ready_file: Path | None
    page_folder: Path
    verbose: bool
    database_url: str | None = field(repr=False)
    ably_api_key: str | None = field(repr=False)

    @classmethod
    def parse(cls, arguments: Sequence[str], environment: Mapping[str, str]) -> "RunOptions":
        """Parse the command line; an invalid one ends the process with code 2."""
        given = _parser().parse_args(arguments)
        port = given.port
        if port is None and not given.ephemeral:
            port = DEFAULT_PORT
        return cls(
            state_dir=given.data_dir,
            fresh=given.fresh,
            ephemeral=given.ephemeral,
            port=port or None,
            # Not resolved, so that later code sees a symbolic link there and refuses it.
            ready_file=given.ready_file.absolute() if given.ready_file else None,
            page_folder=given.page_dir,
            verbose=given.verbose,
            database_url=environment.get("DATABASE_URL") or None,
            ably_api_key=environment.get("ABLY_API_KEY") or None,
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="Run the chat on this machine: Postgres, Ably, functions, connector, page.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--data-dir",
        type=Path,
        default=DEFAULT_STATE_DIR,
        metavar="DIR",
        help="keep data and logs here (default: %(default)s)",
    )
    where.add_argument(
        "--ephemeral",
        action="store_true",
        help="use free ports and a temporary folder, removed at the end",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="remove the data of earlier runs first"
    )
    parser.add_argument(
        "--port",
        type=_port,
        metavar="N",
        help=f"port of the page (default: {DEFAULT_PORT}; 0 takes a free one)",
    )
    parser.add_argument(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="write addresses and credentials here as JSON when all parts are up",
    )
    parser.add_argument(
        "--page-dir",
        type=Path,
        default=BUILT_PAGE,
        metavar="DIR",
        help="serve the built page from this folder (default: web/dist)",
    )
    parser.add_argument("--verbose", action="store_true", help="show the log lines of all parts")
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        msg = f"{text} is not a port: give a number from 0 to 65535"
        raise argparse.ArgumentTypeError(msg)
    return port
