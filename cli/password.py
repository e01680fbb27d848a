"""A password from the person at the terminal, or from a program on standard input."""

import getpass
import sys

from cli.errors import WrongUsage


def read_password() -> str:
    """Asked for twice without an echo; where standard input is no terminal, its first line. Raises WrongUsage."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise WrongUsage("The two passwords differ; nothing was changed.")
    return password
