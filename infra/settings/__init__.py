"""The settings of a stage: declared once each, read together, checked against each other.

`stage` puts the declarations of the other modules together; docs/configuration.md has a table made
from them. Imports no other package of `infra`.
"""
