"""The version of every message (pure)."""

VERSION = 1
