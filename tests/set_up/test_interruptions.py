"""Each step is interrupted at its start and in its middle, and the next make goes on from there."""

import signal
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

import pytest

from scripts.set_up.python import VENV
from tests.set_up.checkout import ROOT, Checkout, Make

pytestmark = pytest.mark.timeout(240)  # a step is made up to five times

Interruption = tuple[str, signal.Signals]
"""A line of the set-up or a file that appears, and what then ends it."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A step, when it is interrupted, one after the other, and what proves that it is made.

    Attributes:
        after: what is said or appears at the moment of each interruption.
        proof: a program that runs in the checkout, and what it prints.
    """

    step: str
    after: tuple[Interruption, ...]
    proof: tuple[str, ...]
    prints: str
    environment: bool = True


CASES = [
    Case(
        step="python",
        after=(
            ("installing Python packages", SIGINT),
            ("installing Python packages", SIGKILL),
            (".venv/pyvenv.cfg", SIGINT),
            (".venv/pyvenv.cfg", SIGKILL),
            (".venv/bin/uv", SIGTERM),
            (".venv/lib/python*/site-packages/aws_cdk", SIGKILL),
        ),
        proof=(".venv/bin/python", "-c", "import pip, psycopg2, pytest; print('imported')"),
        prints="imported",
        environment=False,
    ),
    Case(
        step="cdk",
        after=(
            ("installing the CDK CLI", SIGINT),
            ("installing the CDK CLI", SIGKILL),
            ("node_modules/aws-cdk", SIGINT),
            ("node_modules/aws-cdk", SIGKILL),
        ),
        proof=("node_modules/.bin/cdk", "--version"),
        prints="2.",
    ),
    Case(
        step="page",
        after=(
            ("installing the page's packages", SIGINT),
            ("installing the page's packages", SIGKILL),
            ("web/node_modules/vue", SIGKILL),
            ("building the page", SIGKILL),
            ("building the page", SIGINT),
            ("web/node_modules/.tmp/*.tsbuildinfo", SIGKILL),
            (".setup/page", SIGKILL),
        ),
        proof=("cat", "web/dist/index.html"),
        prints="<!doctype html>",
    ),
    Case(
        step="browser",
        after=(
            ("finding a browser", SIGINT),
            ("finding a browser", SIGKILL),
            ("finding a browser", SIGTERM),
        ),
        proof=("cat", ".setup/chromium/path"),
        prints="/",
    ),
    Case(
        step="bundles",
        after=(
            ("installing the functions' packages", SIGINT),
            ("installing the functions' packages", SIGKILL),
            (".setup/wheels/installing-*", SIGKILL),
            (".setup/wheels/installing-*", SIGINT),
        ),
        proof=("sh", "-c", "ls -d .setup/wheels/installing-* 2>&1 || echo nothing left"),
        prints="nothing left",
    ),
    Case(
        step="ministack",
        after=(
            ("installing the emulated AWS", SIGINT),
            ("installing the emulated AWS", SIGKILL),
            (".setup/ministack/pyvenv.cfg", SIGINT),
            (".setup/ministack/lib/python*/site-packages/*", SIGKILL),
        ),
        proof=(".setup/ministack/bin/python", "-c", "import boto3, ministack; print('imported')"),
        prints="imported",
    ),
    Case(
        step="deploy-sdk",
        after=(
            ("installing the AWS SDK", SIGINT),
            ("tests/deploy/node_modules/@aws-sdk", SIGKILL),
        ),
        proof=("node", "-e", "require('./tests/deploy/node_modules/@aws-sdk/client-s3')"),
        prints="",
    ),
    Case(
        step="postgres",
        after=(
            ("installing the older Postgres", SIGKILL),
            ("tests/postgres/node_modules/*", SIGINT),
            ("tests/postgres/node_modules/*", SIGKILL),
        ),
        proof=("sh", "-c", "tests/postgres/node_modules/postgres-17-*/native/bin/postgres -V"),
        prints="postgres (PostgreSQL) 17",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.step for case in CASES])
def test_a_step_is_resumed_after_any_interruption(tmp_path: Path, case: Case) -> None:
    checkout = Checkout.copy(tmp_path, environment=ROOT / VENV if case.environment else None)
    for sign, how in case.after:
        with checkout.making(case.step) as make:
            make.until(sign)
            assert make.interrupt(how) != 0
            assert said_properly(make, how), make.said
    made = checkout.make(case.step)
    assert made.process.returncode == 0, made.said
    assert "failed" not in made.said
    assert case.prints in checkout.run(*case.proof)
    again = checkout.make(case.step)
    assert (again.process.returncode, again.said) == (0, "")


def said_properly(make: Make, how: signal.Signals) -> bool:
    """No traceback, and where it could say anything, that it was interrupted."""
    return "Traceback" not in make.said and (how is SIGKILL or "interrupted" in make.said)
