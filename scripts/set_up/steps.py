"""All steps, in an order in which they can be made."""

import os

from scripts.set_up import node, python, tools
from scripts.set_up.step import Step, Workshop


def _packages(name: str, what: str, folder: str) -> Step:
    modules = os.path.normpath(f"{folder}/node_modules")

    def make(workshop: Workshop, *, update: bool) -> None:  # noqa: ARG001  # npm starts afresh
        node.install_packages(workshop, folder)

    return Step(
        name=name,
        what=f"installing {what} into {modules}",
        folder=modules,
        listed=[modules],
        inputs=[f"{folder}/package-lock.json", f"{folder}/.npmrc"],
        make=make,
    )


def _environment(folder: str) -> list[str]:
    return [f"{folder}/bin", f"{folder}/lib/python*/site-packages"]


STEPS = (
    Step(
        name="python",
        what=f"installing Python packages into {python.VENV}",
        folder=python.VENV,
        listed=_environment(python.VENV),
        inputs=["requirements-dev.txt"],
        make=python.make_venv,
        probe=lambda root: python.broken(root / python.VENV),
    ),
    _packages("cdk", "the CDK CLI", "."),
    _packages("web", "the page's packages", "web"),
    Step(
        name="page",
        what=f"building the page into {node.PAGE}",
        folder=node.PAGE,
        listed=[node.PAGE],
        inputs=["web/*", "web/public/**/*", "web/src/**/*"],
        make=node.build_page,
        needs=["web"],
        marker=".setup/page.json",
    ),
    Step(
        name="browser",
        what="finding a browser for the tests",
        folder=tools.BROWSER,
        listed=[tools.BROWSER],
        inputs=["scripts/ensure_browser.py"],
        make=tools.find_browser,
        needs=["python"],
        probe=tools.browser_gone,
        words=[os.environ.get("CHROME", "")],
    ),
    Step(
        name="bundles",
        what=f"installing the functions' packages into {tools.WHEELS}",
        folder=tools.WHEELS,
        listed=[tools.WHEELS],
        inputs=[
            "lambdas/*/requirements.txt",
            "infra/functions/bundling.py",
            f"{python.VENV}/pyvenv.cfg",
        ],
        make=tools.prefetch_wheels,
        needs=["python"],
        marker=".setup/bundles.json",
    ),
    Step(
        name="ministack",
        what=f"installing the emulated AWS into {python.MINISTACK}",
        folder=python.MINISTACK,
        listed=_environment(python.MINISTACK),
        inputs=["tests/deploy/requirements.txt"],
        make=python.make_ministack,
        needs=["python"],
        probe=lambda root: python.broken(root / python.MINISTACK),
    ),
    _packages("deploy-sdk", "the AWS SDK of the deploy tests", "tests/deploy"),
    _packages("postgres", "the older Postgres versions", "tests/postgres"),
)


def chosen(names: list[str]) -> list[Step]:
    """The steps of these names and what they need, in order; all where no name is given.

    Raises:
        KeyError: there is no step of a name.
    """
    steps = {step.name: step for step in STEPS}
    wanted: set[str] = set()
    pending = names or list(steps)
    while pending:
        step = steps[pending.pop()]
        wanted.add(step.name)
        pending.extend(step.needs)
    return [step for step in STEPS if step.name in wanted]
