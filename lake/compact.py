#!/usr/bin/env python3
"""Puts the events of data folders into a Delta table, each event once. docs/LAKE.md describes it."""

import sys

from compaction.program import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
