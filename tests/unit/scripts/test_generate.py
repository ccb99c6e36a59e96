"""What is generated from the declarations of settings is what is committed."""

from pathlib import Path

import pytest

from scripts.generate import ROOT, generated

GENERATED = generated()


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_generated_file_is_what_the_declarations_say(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == GENERATED[path], "out of date: run `make generated`"
