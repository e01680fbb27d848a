"""Who may come in, how they show who they are, and what they may do: asked by the chat, the addresses and the commands.

Imports nothing of ours, no chat library and no Redis.
"""

from people.accounts import Account, Accounts
from people.errors import (
    AccountsUnusable,
    InvalidName,
    InvalidPassword,
    NameTaken,
    PeopleError,
    TooManyAttempts,
    UnknownPerson,
)
from people.names import LOCAL, person_id
from people.people import Login, People
from people.roles import ROLES, Deed, Role
from people.visitor import NOBODY, Session, Visitor, visiting, visitor

__all__ = [
    "LOCAL",
    "NOBODY",
    "ROLES",
    "Account",
    "Accounts",
    "AccountsUnusable",
    "Deed",
    "InvalidName",
    "InvalidPassword",
    "Login",
    "NameTaken",
    "People",
    "PeopleError",
    "Role",
    "Session",
    "TooManyAttempts",
    "UnknownPerson",
    "Visitor",
    "person_id",
    "visiting",
    "visitor",
]
