"""The work of compact.py: from sealed files of collectors to a Delta table, in units that are committed exactly once."""
