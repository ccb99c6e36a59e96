"""What the local run keeps between runs: Postgres' data, logs, and who it was last time."""

import fcntl
import json
import secrets
import shutil
import string
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from ably_local.private_file import PrivateFileError, read_private, write_private
from local.errors import LocalError
from local.system.ports import free_port, is_free

VERSION = 1
IDENTITY_FILE = "identity.json"
LOCK_FILE = "lock"
POSTGRES_FOLDER = "postgres"
LOGS_FOLDER = "logs"
OURS = {IDENTITY_FILE, LOCK_FILE, POSTGRES_FOLDER, LOGS_FOLDER}


@dataclass(frozen=True, kw_only=True)
class Ports:
    """TCP ports on 127.0.0.1, kept between runs as long as nobody else takes them."""

    postgres: int
    ably: int
    functions: int
    aws: int
    connector_health: int

    @classmethod
    def choose(cls, kept: "Ports | None" = None) -> "Ports":
        """The kept port of each part where it is still free, else another."""
        chosen: dict[str, int] = {}
        for name in cls.__dataclass_fields__:
            port = getattr(kept, name, 0)
            while not port or port in chosen.values() or not is_free(port):
                port = free_port()
            chosen[name] = port
        return cls(**chosen)


@dataclass(frozen=True, kw_only=True)
class AblyIdentity:
    """The app of the local Ably and the credentials for it."""

    app_id: str
    api_key: str = field(repr=False)
    control_token: str = field(repr=False)

    @classmethod
    def make_up(cls) -> "AblyIdentity":
        """A new app with a key and a Control API token that nobody can guess."""
        app_id, key_id = _word(6), _word(6)
        return cls(
            app_id=app_id,
            api_key=f"{app_id}.{key_id}:{secrets.token_urlsafe(32)}",
            control_token=secrets.token_urlsafe(32),
        )


@dataclass(frozen=True, kw_only=True)
class RunIdentity:
    """What makes one run look like the run before to its clients."""

    ports: Ports
    ably: AblyIdentity


class StateDir:
    """A folder in the hands of this process alone, from `claim` until `release`."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    @property
    def postgres(self) -> Path:
        """Where the embedded Postgres keeps its data."""
        return self.path / POSTGRES_FOLDER

    @property
    def logs(self) -> Path:
        """Where the log files are."""
        return self.path / LOGS_FOLDER

    @property
    def lock_fd(self) -> int:
        """The lock's file descriptor: whoever has it open holds the folder."""
        if self._lock is None:
            raise RuntimeError("the folder was not claimed")
        return self._lock.fileno()

    def claim(self) -> None:
        """Create the folder where it is missing, and lock it.

        Raises:
            LocalError: it is another run's, cannot be written, or holds other things.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse_foreign()
            self._lock = (self.path / LOCK_FILE).open("a+")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"another run uses {self.path}: stop it, or choose another by --data-dir"
            raise LocalError(msg) from error
        except OSError as error:
            msg = f"unable to use {self.path}; {error.strerror}: choose another by --data-dir"
            raise LocalError(msg) from error

    def release(self) -> None:
        """Let others have it. Safe to call twice."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def wipe(self) -> None:
        """Remove what earlier runs left; nothing else is touched."""
        for name in OURS - {LOCK_FILE}:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def identity(self) -> RunIdentity:
        """The identity of the run before, with a port replaced that is taken; else a new one.

        Raises:
            LocalError: it was written by another version, or its file is not ours.
        """
        path = self.path / IDENTITY_FILE
        try:
            kept = self._parse(read_private(path))
            identity = RunIdentity(
                ports=Ports.choose(kept.ports if kept else None),
                ably=kept.ably if kept else AblyIdentity.make_up(),
            )
            document = {"version": VERSION, **asdict(identity)}
            write_private(path, json.dumps(document, indent=2) + "\n")
        except PrivateFileError as error:
            raise LocalError(f"{error}, or choose another folder by --data-dir") from error
        return identity

    def _parse(self, text: str | None) -> RunIdentity | None:
        if text is None:
            return None
        stale = f"the data in {self.path} is of another version: run with --fresh to start anew"
        try:
            document = json.loads(text)
            if document.pop("version") != VERSION:
                raise LocalError(stale)
            ports, ably = Ports(**document["ports"]), AblyIdentity(**document["ably"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LocalError(stale) from error
        return RunIdentity(ports=ports, ably=ably)

    def _refuse_foreign(self) -> None:
        names = {entry.name for entry in self.path.iterdir()}
        if names and not names & {LOCK_FILE, IDENTITY_FILE}:
            msg = f"{self.path} holds other things: choose an empty folder by --data-dir"
            raise LocalError(msg)


def _word(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters) for _ in range(length))
