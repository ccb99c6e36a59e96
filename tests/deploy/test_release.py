"""Releases after the first: none, a new migration, and the end."""

import shutil
from pathlib import Path

import pytest

from tests.deploy.emulator import ROOT
from tests.deploy.stage import SERVICE, STATEFUL, Stage

pytestmark = pytest.mark.timeout(300)  # the first of them deploys

APP = ("app.py", "cdk.json", "infra", "lambdas", "connector_task", "web/dist")


def copy_of_the_app(folder: Path) -> Path:
    """What the CDK app is made of, in another folder, with the wheels that are installed."""
    folder.mkdir()
    for name in APP:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", ".venv")
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    (folder / ".setup").mkdir()
    (folder / ".setup" / "wheels").symlink_to(ROOT / ".setup" / "wheels")
    return folder


def migrations(stage: Stage) -> list[str]:
    return [name for (name,) in stage.rows("SELECT name FROM chat_migration ORDER BY number")]


def test_a_second_deploy_of_the_same_source_changes_nothing(stage: Stage, tmp_path: Path) -> None:
    elsewhere = copy_of_the_app(tmp_path / "elsewhere")
    again = stage.synthesize(elsewhere, tmp_path / "assembly")
    stage.cdk.run("diff", "--all", "--fail", "--app", str(again))
    said = stage.cdk.run("deploy", "--all", "--app", str(again), "--require-approval", "never")
    assert said.count("(no changes)") == 2


def test_a_release_with_a_migration_brings_the_schema_along_and_keeps_the_rows(
    stage: Stage, tmp_path: Path
) -> None:
    before = migrations(stage)
    stage.rows("INSERT INTO chat_data (msg_id, msg_data) VALUES ('old', 'kept') RETURNING 1")
    release = copy_of_the_app(tmp_path / "release")
    name = f"{len(before) + 1:04}_add_mood"
    (release / "lambdas" / "migrate" / "sql" / f"{name}.sql").write_text(
        "ALTER TABLE public.chat_data ADD COLUMN mood text;\n"
    )
    stage.deploy(stage.synthesize(release, tmp_path / "assembly"), SERVICE)
    assert migrations(stage) == [*before, name]
    assert stage.rows("SELECT msg_data, mood FROM chat_data WHERE msg_id = 'old'") == [
        ("kept", None)
    ]


def test_destroy_removes_both_stacks_and_the_data_of_a_development_stage(
    stage_of_any_release: Stage,
) -> None:
    stage = stage_of_any_release
    stage.destroy()
    assert not {STATEFUL, SERVICE} & set(stage.stacks())
    assert stage.emulator.client("rds").describe_db_instances()["DBInstances"] == []
    assert stage.emulator.client("lambda").list_functions()["Functions"] == []
    assert stage.emulator.client("sqs").list_queues().get("QueueUrls", []) == []
