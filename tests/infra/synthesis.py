"""Stacks of this repository synthesized in this process, and their templates to look into."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from infra.application import build
from infra.config import StageConfig

ROOT = Path(__file__).parents[2]

Resource = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """A synthesized CloudFormation template."""

    content: dict[str, Any]

    @property
    def resources(self) -> dict[str, Resource]:
        """Its resources by logical id."""
        return dict(self.content["Resources"])

    @property
    def outputs(self) -> dict[str, Resource]:
        """What it tells the operator, without what is only there for the other stack."""
        return {
            name: output
            for name, output in self.content.get("Outputs", {}).items()
            if not name.startswith("PublishOutput")
        }

    def of_type(self, *types: str) -> dict[str, Resource]:
        """The resources of these types by logical id."""
        return {name: made for name, made in self.resources.items() if made["Type"] in types}

    def properties(self, of_type: str, name_contains: str = "") -> Resource:
        """The properties of the one resource of a type whose logical id has this in it."""
        found = [
            made.get("Properties", {})
            for name, made in self.of_type(of_type).items()
            if name_contains in name
        ]
        assert len(found) == 1, f"{len(found)} {of_type} with {name_contains!r} in their ids"
        return dict(found[0])

    def function(self, name: str) -> Resource:
        """The properties of one of our functions, by the name of its folder."""
        handler = f"lambdas.{name}.handler.handler"
        found = [
            made["Properties"]
            for made in self.of_type("AWS::Lambda::Function").values()
            if made["Properties"]["Handler"] == handler
        ]
        assert len(found) == 1
        return dict(found[0])

    def statements_of(self, role: Any) -> list[Resource]:
        """All statements of the policies of a role, which is given as in a `Role` property."""
        role_id = role["Fn::GetAtt"][0]
        return [
            statement
            for policy in self.of_type("AWS::IAM::Policy").values()
            if {"Ref": role_id} in policy["Properties"]["Roles"]
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        ]


@dataclass(frozen=True)
class Stage:
    """Both stacks of a stage."""

    stateful: Template
    service: Template
    folder: Path


def make_app(folder: Path, stage: str, **settings: object) -> cdk.App:
    """An app with the context of cdk.json, that of the command line, and no bundling of assets."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    return cdk.App(
        outdir=str(folder),
        context={**context, "aws:cdk:bundling-stacks": [], "stage": stage, **settings},
    )


def synthesize(folder: Path, stage: str, **settings: object) -> Stage:
    """Both stacks of a stage; raises where cdk-nag or the template validation has a finding."""
    app = make_app(folder, stage, **settings)
    config = StageConfig.from_context(app.node.get_all_context())
    stateful, service = build(app, config, page=_page(folder / "page"))
    app.synth()
    return Stage(
        stateful=_template(folder, stateful), service=_template(folder, service), folder=folder
    )


def _template(folder: Path, stack: cdk.Stack) -> Template:
    return Template(json.loads((folder / stack.template_file).read_text()))


def _page(folder: Path) -> Path:
    """What a built page looks like, so that no test needs the page to be built."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "assets" / "index-abc123.js").write_text("")
    return folder
