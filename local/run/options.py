"""What the user asked for: the command line, and the two variables that change what is started."""

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
  DATABASE_URL  use this Postgres (postgresql://user:password@host:port/name), not an embedded one
  ABLY_API_KEY  use the real Ably with this key, not the local one
"""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The choices of one run.

    Attributes:
        port: of the page; None takes a free one.
        ready_file: where to write the addresses as JSON once all is up.
        page_folder: the built page.
        database_url: a Postgres to use in place of the embedded one.
        ably_api_key: a key of the real Ably, to use in place of the local one.
    """

    data_folder: Path
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
        """Read the command line; a wrong one ends the process with code 2."""
        given = _parser().parse_args(arguments)
        port = given.port
        if port is None and not given.ephemeral:
            port = DEFAULT_PORT
        return cls(
            data_folder=given.data_dir,
            fresh=given.fresh,
            ephemeral=given.ephemeral,
            port=port or None,
            # Not resolved: a symbolic link there is to be seen, and refused.
            ready_file=given.ready_file.absolute() if given.ready_file else None,
            page_folder=given.page_dir,
            verbose=given.verbose,
            database_url=environment.get("DATABASE_URL") or None,
            ably_api_key=environment.get("ABLY_API_KEY") or None,
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="Run the whole chat here: Postgres, Ably, functions, connector and page.",
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
        help="use free ports and a temporary folder that is removed at the end",
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
        help="write addresses and credentials here as JSON once all is up",
    )
    parser.add_argument(
        "--page-dir",
        type=Path,
        default=BUILT_PAGE,
        metavar="DIR",
        help="serve the built page from here (default: web/dist)",
    )
    parser.add_argument("--verbose", action="store_true", help="show what every part logs")
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        msg = f"{text} is not a port: give a number from 0 to 65535"
        raise argparse.ArgumentTypeError(msg)
    return port
