"""Installs and builds what the Makefile's targets need, from any state that an interruption leaves.

Each step makes one folder. Its marker, written last and removed first, holds what the folder was
made from and what must be in it. So a step finds its folder in one of four states:

- ready: the marker fits; there is nothing to do.
- outdated: complete, but made from other inputs, as after a `git pull`. It is brought up to date,
  in place where a program may be running from it.
- unusable: without a marker, or not what the marker says. It is removed and made again.
- absent: it is made.

One process at a time works on a checkout. The commands that a step runs hold its lock as well and
die with it, whatever ends it. Only the standard library is used: this runs ahead of every
installation, on any Python from 3.11.
"""
