"""The settings of a stage: how one is declared and read, and what may not be combined.

Imports no other package of `infra`.
"""
