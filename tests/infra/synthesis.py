"""Stacks of this repository synthesized in this process, and their templates to look into."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from infra.settings.stage import StageConfig
from infra.stacks.application import build

ROOT = Path(__file__).parents[2]

Resource = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """A synthesized CloudFormation template.

    Attributes:
        stack: "stateful" or "service".
        imports: what its references to outputs of the other stack stand for, by their names.
    """

    content: dict[str, Any]
    stack: str = "stateful"
    imports: Mapping[str, str] = field(default_factory=dict)

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

    def target(self, value: Any) -> str | None:
        """The identity of the resource that a value is a reference to: its stack and logical id."""
        match value:
            case {"Fn::GetStackOutput": {"OutputName": name}}:
                return self.imports[name]
            case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]} if name in self.resources:
                return f"{self.stack}/{name}"
        return None

    def targets(self, node: Any) -> set[str]:
        """The identities of all resources that a part of the template refers to."""
        if found := self.target(node):
            return {found}
        if isinstance(node, dict):
            return self.targets(list(node.values()))
        children = node if isinstance(node, list) else []
        return {found for child in children for found in self.targets(child)}


@dataclass(frozen=True)
class Part:
    """A resource of a stage.

    Attributes:
        identity: its stack and logical id.
        template: of its stack.
    """

    identity: str
    template: Template
    resource: Resource

    @property
    def properties(self) -> Resource:
        """Its properties."""
        return dict(self.resource.get("Properties", {}))

    def targets(self, *path: str) -> set[str]:
        """The identities of all that a property, or the whole resource, refers to."""
        node: Any = self.properties
        for name in path:
            node = node.get(name, {})
        return self.template.targets(node)


@dataclass(frozen=True)
class Stage:
    """Both stacks of a stage.

    Attributes:
        folder: the assembly.
        settings: what they were synthesized with.
    """

    stateful: Template
    service: Template
    folder: Path
    settings: Mapping[str, object]

    @property
    def parts(self) -> Iterator[Part]:
        """Every resource of both stacks."""
        for template in (self.stateful, self.service):
            for name, made in template.resources.items():
                yield Part(f"{template.stack}/{name}", template, made)

    def of_type(self, *types: str) -> list[Part]:
        """The resources of both of these types."""
        return [part for part in self.parts if part.resource["Type"] in types]

    def part(self, identity: str) -> Part:
        """The resource of an identity, as `Template.target` gives it."""
        return next(part for part in self.parts if part.identity == identity)


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
    below = Template(_content(folder, stateful))
    outputs = below.content["Outputs"].items()
    imports = {
        name: target for name, output in outputs if (target := below.target(output["Value"]))
    }
    above = Template(_content(folder, service), "service", imports)
    return Stage(stateful=below, service=above, folder=folder, settings=settings)


def _content(folder: Path, stack: cdk.Stack) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / stack.template_file).read_text())
    return content


def _page(folder: Path) -> Path:
    """What a built page looks like, so that no test needs the page to be built."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "assets" / "index-abc123.js").write_text("")
    return folder
