"""The emulated AWS: MiniStack, and what it lacks for the two stacks of this bundle.

Run by the interpreter of `.setup/ministack`, where nothing of this repository is installed, as
`python -m tests.deploy.emulated`. What it cannot prove stands in docs/operations.md.
"""
