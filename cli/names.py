"""Lists of names on the command line."""

import argparse


def names(text: str) -> tuple[str, ...]:
    """`a,b` as ("a", "b"), each once."""
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not found:
        raise argparse.ArgumentTypeError("name at least one agent")
    return found
