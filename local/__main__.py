"""`python -m local`: see `python -m local --help`."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from local.errors import LocalError
from local.gateway.page import require_page
from local.reaper import Reaper
from local.run.options import RunOptions
from local.run.parts import Parts
from local.run.ready_file import ReadyFile
from local.run.supervisor import Supervisor
from local.system.logs import Logs
from local.system.ports import require_free
from local.system.state_dir import StateDir
from local.system.terminal import Terminal

FAILED = 1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run until stopped; returns the exit code."""
    options = RunOptions.parse(arguments, environment)
    terminal = Terminal()
    try:
        check(options)
        with ExitStack() as stack:
            supervisor = prepare(options, terminal, stack)
            asyncio.run(serve(supervisor, terminal))
    except LocalError as error:
        terminal.say(f"local: {error}")
        return FAILED
    return 0


def check(options: RunOptions) -> None:
    """Check what can be checked before any part starts.

    Raises:
        LocalError: if something is missing or in use; the message says what.
    """
    ReadyFile(options.ready_file).check()
    require_page(options.page_folder, node_installed=shutil.which("node") is not None)
    if options.port:
        require_free(options.port, option="--port")


def prepare(options: RunOptions, terminal: Terminal, stack: ExitStack) -> Supervisor:
    """Claim the state directory and start the reaper; the stack releases both.

    Raises:
        LocalError: if the directory cannot be used.
    """
    if options.ephemeral:
        path = Path(tempfile.mkdtemp(prefix="ably-postgres-"))
        stack.callback(shutil.rmtree, path, ignore_errors=True)
    else:
        path = options.state_dir
    folder = StateDir(path)
    folder.claim()
    stack.callback(folder.release)
    if options.fresh:
        folder.wipe()
    reaper = Reaper(holding=[folder.lock_fd])
    stack.callback(reaper.close)
    if options.ephemeral:
        reaper.remove_at_end(folder.path)
    logs = Logs(folder.logs, terminal, verbose=options.verbose)
    stack.callback(logs.close)
    logs.capture_own_records()
    parts = Parts.assemble(options, folder, reaper=reaper, log=logs)
    ready_file = ReadyFile(options.ready_file)
    return Supervisor(parts, ready_file=ready_file, logs=logs, terminal=terminal)


async def serve(supervisor: Supervisor, terminal: Terminal) -> None:
    """Start all parts, run until a signal or a failure, stop all parts.

    Raises:
        LocalError: if a part did not start, or ended by itself.
    """
    work = asyncio.create_task(supervisor.run())
    signals = 0

    def stop() -> None:
        nonlocal signals
        signals += 1
        if signals == 1:
            terminal.say("stopping")
            work.cancel()
        else:
            os._exit(FAILED)  # a second signal must not wait: the reaper ends the rest

    loop = asyncio.get_running_loop()
    for which in STOP_SIGNALS:
        loop.add_signal_handler(which, stop)
    try:
        await work
    except asyncio.CancelledError:
        if not signals:
            raise
    finally:
        await supervisor.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
