"""What can go wrong with people and their accounts.

PeopleError
├── InvalidName        nobody can be called like this: exit code 2
├── InvalidPassword    the password cannot be one: exit code 2
├── NameTaken          there is an account of that name
├── UnknownPerson      there is no account of that name
├── AccountsUnusable   the file cannot be read, or what is in it cannot be understood: nobody is let in
└── TooManyAttempts    wrong passwords came too often: wait
"""

import math


class PeopleError(Exception):
    """The root; its text is one sentence for a person."""


class InvalidName(PeopleError):
    """Nobody can be called like this."""


class InvalidPassword(PeopleError):
    """The password cannot be one."""


class NameTaken(PeopleError):
    """There is an account of that name."""


class UnknownPerson(PeopleError):
    """There is no account of that name."""


class AccountsUnusable(PeopleError):
    """The accounts cannot be read."""


class TooManyAttempts(PeopleError):
    """Wrong passwords came too often."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many attempts to sign in. Try again in {math.ceil(seconds)} seconds.")
        self.seconds = seconds
