"""README and settings say the same."""

import re
from pathlib import Path

from pydantic import BaseModel

from cli.main import COMMANDS
from orchestration import ENVIRONMENT, Settings

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    """The table lists exactly the variables that are read, each with the default that is in force."""
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*?) \|", README, re.MULTILINE))
    assert rows.keys() == ENVIRONMENT.keys()
    for name, path in ENVIRONMENT.items():
        value: object = Settings()
        for part in path:
            value = getattr(value, part)
        if isinstance(value, int | float) and not isinstance(value, BaseModel):
            assert rows[name] == f"`{value:g}`", name


def test_the_readme_begins_with_the_two_commands() -> None:
    """What a new user needs stands first."""
    first_block = README.partition("```")[2].partition("```")[0]
    assert "make run" in first_block
    assert "make test" in first_block


def test_every_command_of_the_readme_exists() -> None:
    """`roundtable X` and `make X` in the README are real."""
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", README)) <= targets
    rows = re.findall(r"^\| `roundtable ([a-z-]+)", README, re.MULTILINE)
    assert sorted(rows) == sorted(command.replace("_", "-") for command in COMMANDS)
    assert set(re.findall(r"`roundtable ([a-z-]+)", README)) <= set(rows)
