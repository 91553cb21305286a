"""The package's version, also in each event's `context.library`."""

VERSION = "0.1.0"
