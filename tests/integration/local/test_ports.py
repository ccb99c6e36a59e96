"""The ports of a run's parts: no other process takes one between its choice and its use."""

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from local.system.ports import FIRST_PORT, PORTS, free_port, is_free
from tests.fixtures.local_run import ROOT

CHOOSE = "from local.system.ports import free_port; print(*[free_port() for _ in range(8)])"
OUTGOING = 32_768  # Linux's first port for outgoing connections; other systems start higher


def chosen_by_another_process() -> set[int]:
    said = subprocess.run(
        [sys.executable, "-c", CHOOSE], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return set(map(int, said.split()))


def test_no_outgoing_connection_takes_a_chosen_port() -> None:
    assert FIRST_PORT + PORTS <= OUTGOING
    assert all(FIRST_PORT <= free_port() < FIRST_PORT + PORTS for _ in range(50))


def test_each_call_chooses_another_free_port() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    assert all(map(is_free, ports))


def test_a_port_in_use_is_skipped() -> None:
    following = (free_port() - FIRST_PORT + 1) % PORTS + FIRST_PORT
    with ExitStack() as stack:
        if is_free(following):
            stack.enter_context(socket.create_server(("127.0.0.1", following)))
        assert free_port() != following


def test_processes_that_start_together_choose_different_ports() -> None:
    with ThreadPoolExecutor(4) as threads:
        chosen = list(threads.map(lambda _: chosen_by_another_process(), range(4)))
    assert len(set.union(*chosen)) == 4 * 8
