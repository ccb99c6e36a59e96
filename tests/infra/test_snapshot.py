"""The templates as they were last looked at: a change shows in review, resource by resource.

`UPDATE_SNAPSHOTS=1 pytest tests/infra/test_snapshot.py` writes them anew. Hashes of what is in an
asset are left out: they change with every line of code.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.infra.synthesis import Stage, Template

SNAPSHOTS = Path(__file__).parent / "snapshots"
_HASHES = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "<asset>"),
    (re.compile(r"(CurrentVersion)[0-9A-Fa-f]{40}"), r"\1<code>"),
)


def _scrubbed(template: Template) -> dict[str, Any]:
    text = json.dumps(template.content, indent=1, sort_keys=True, ensure_ascii=False)
    for pattern, word in _HASHES:
        text = pattern.sub(word, text)
    content: dict[str, Any] = json.loads(text)
    for section in ("Parameters", "Rules", "Conditions"):  # the CDK's own
        content.pop(section, None)
    for resource in content["Resources"].values():
        resource.pop("Metadata", None)
    return content


@pytest.mark.parametrize("stack", ["stateful", "service"])
@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_template_is_the_one_last_looked_at(
    request: pytest.FixtureRequest, name: str, stack: str
) -> None:
    stage: Stage = request.getfixturevalue(name)
    template = _scrubbed(getattr(stage, stack))
    file = SNAPSHOTS / f"{name}-{stack}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(template, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    kept = json.loads(file.read_text())
    for part in ("Resources", "Outputs"):
        now, before = template.get(part, {}), kept.get(part, {})
        changed = sorted(
            key for key in now.keys() | before.keys() if now.get(key) != before.get(key)
        )
        assert not changed, f"{part} changed: run with UPDATE_SNAPSHOTS=1 and look at git diff"
