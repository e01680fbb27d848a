"""`roundtable users`: who may come in, and what they may do."""

import argparse
import asyncio
import json
import logging
from typing import TYPE_CHECKING

from cli.console import Console
from cli.outcome import DONE
from cli.password import read_password
from cli.runtime import Runtime
from cli.table import table

if TYPE_CHECKING:
    from orchestration import Settings
    from people import Accounts, Role

ROLES = "member (asks), curator (changes the team's documents as well) or operator (watches the server as well)"


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("users", help="accounts: who may come in, and what they may do")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    adding = actions.add_parser("add", help="make an account; the first one brings the login")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("--role", type=_role, default="member", metavar="ROLE", help=ROLES)
    adding.add_argument("--no-password", action="store_true", help="for somebody whom a proxy signs in")
    adding.set_defaults(run=add_user)
    removing = actions.add_parser("remove", help="take an account away, and end its sessions")
    removing.add_argument("name", metavar="NAME")
    removing.add_argument(
        "--with-everything", action="store_true", help="remove their documents and conversations as well"
    )
    removing.set_defaults(run=remove_user)
    changing = actions.add_parser("password", help="give an account another password, and end its sessions")
    changing.add_argument("name", metavar="NAME")
    changing.set_defaults(run=set_password)
    turning = actions.add_parser("role", help="give an account another role")
    turning.add_argument("name", metavar="NAME")
    turning.add_argument("role", type=_role, metavar="ROLE", help=ROLES)
    turning.set_defaults(run=set_role)
    listing = actions.add_parser("list", help="who there is")
    listing.add_argument("--json", action="store_true", help="print one JSON document")
    listing.set_defaults(run=list_users)


def add_user(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from people import NameTaken, person_id
    from people.passwords import Passwords

    accounts, name = _accounts(runtime.read_settings()), person_id(args.name)
    if accounts.find(name):
        raise NameTaken(f"There is an account called {name} already.")
    first = not accounts.exist
    hash = None if args.no_password else Passwords().hash(read_password())
    accounts.add(name, args.role, hash)
    console.say(f"{name} is {_with_article(args.role)} now.")
    if first:
        console.say("From now on everybody has to sign in, in a server that runs already too.")
    return DONE


def remove_user(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from people import person_id

    settings, name = runtime.read_settings(), person_id(args.name)
    accounts = _accounts(settings)
    accounts.remove(name)
    console.say(f"{name} is no longer let in.")
    if args.with_everything:
        from cli.logs import log_to_stderr

        log_to_stderr(logging.WARNING)
        documents = asyncio.run(_remove_documents(settings, name, runtime))
        conversations = asyncio.run(_remove_conversations(settings, name))
        console.say(f"Removed: {_counted(documents, 'document')}, {_counted(conversations, 'conversation')} of {name}.")
    else:
        console.say(f"What only {name} could see is kept, and is there again for a new account of that name.")
    if not accounts.all():
        console.say(f"Nobody is let in now. Remove {accounts.file} and start the server anew to go on without a login.")
    return DONE


def set_password(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from people import UnknownPerson, person_id
    from people.passwords import Passwords

    accounts, name = _accounts(runtime.read_settings()), person_id(args.name)
    if accounts.find(name) is None:
        raise UnknownPerson(f"There is no account called {name}.")
    accounts.set_password(name, Passwords().hash(read_password()))
    console.say(f"{name} has another password now, and has to sign in anew everywhere.")
    return DONE


def set_role(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from people import person_id

    name = person_id(args.name)
    _accounts(runtime.read_settings()).set_role(name, args.role)
    console.say(f"{name} is {_with_article(args.role)} now.")
    return DONE


def list_users(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    known = _accounts(runtime.read_settings()).all().values()
    if args.json:
        told = [
            {"name": a.name, "role": a.role, "password": a.password is not None, "since": a.since.isoformat()}
            for a in known
        ]
        console.document(json.dumps({"people": told}, indent=2, ensure_ascii=False))
    elif known:
        rows = [(a.name, a.role, f"{a.since:%Y-%m-%d}", "yes" if a.password else "by proxy") for a in known]
        for line in table(("NAME", "ROLE", "SINCE", "PASSWORD"), rows):
            console.say(line)
    else:
        console.say("There are no accounts.")
    return DONE


def _role(text: str) -> "Role":
    from people import ROLES as roles

    role = next((role for role in roles if role == text), None)
    if role is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no role; there are {', '.join(roles)}")
    return role


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s'[: number != 1]}"


def _with_article(role: str) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"


def _accounts(settings: "Settings") -> "Accounts":
    from people import Accounts
    from people.accounts import FILE

    return Accounts(settings.data / FILE)


async def _remove_documents(settings: "Settings", person: str, runtime: Runtime) -> int:
    """What only this person could see, of all agents; how many it were."""
    gone = 0
    async with runtime.open_shelves(settings) as shelves:
        for agent in runtime.agents():
            for document in shelves.documents(agent, person):
                if document.person == person:
                    await shelves.remove(agent, document.id, person=person)
                    gone += 1
    return gone


async def _remove_conversations(settings: "Settings", person: str) -> int:
    """All of them, for good; how many it were. A running server has Redis forget them, the next one otherwise."""
    from history import is_there, open_history

    if not is_there(settings.data):
        return 0
    async with open_history(settings.data) as history:
        return await history.delete_everything_of(person)
