"""Who is let in, and what they may do. Every door asks this and nothing else."""

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Literal

from people.accounts import Accounts
from people.attempts import Attempts
from people.errors import AccountsUnusable, InvalidName
from people.names import LOCAL, person_id
from people.passwords import Passwords
from people.roles import MAY, Deed, Role
from people.visitor import Session, Visitor

log = logging.getLogger(__name__)

Login = Literal["none", "password", "proxy"]
_HASHES_AT_ONCE = 2
_MOST_ENDED = 10_000
_BY_PROXY = "proxy"


class People:
    """The people of one server.

    There is one way in at a time. Without accounts and beyond nobody's reach there is no login: whoever is at this
    machine is the local person, who may do everything. As soon as there are accounts a password is needed, and it stays
    so until the server is started anew, even if their file is taken away. Where a proxy says who somebody is, only it
    does.
    """

    def __init__(
        self,
        accounts: Accounts,
        *,
        by_proxy: bool = False,
        proxies: Collection[IPv4Network | IPv6Network] = (),
        alone: bool = True,
        passwords: Passwords | None = None,
        attempts: Attempts | None = None,
    ) -> None:
        """`alone` is whether nobody but this machine reaches the server; otherwise nobody comes in without a login."""
        self.accounts = accounts
        self._by_proxy = by_proxy
        self._proxies = tuple(proxies)
        self._passwords = passwords or Passwords()
        self._attempts = attempts or Attempts()
        self._hashing = asyncio.Semaphore(_HASHES_AT_ONCE)
        self._guarded = not alone
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._told = ""

    @property
    def login(self) -> Login:
        """How people show who they are."""
        if self._by_proxy:
            return "proxy"
        self._guarded = self._guarded or self.accounts.exist
        return "password" if self._guarded else "none"

    def trusts(self, address: str) -> bool:
        """Whether this is the address of a proxy that tells the truth about whom it speaks for."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)

    async def sign_in(self, name: str, password: str, address: str) -> Session | None:
        """The session of somebody who gave the right password. Raises TooManyAttempts and AccountsUnusable."""
        if self.login != "password":
            return None
        try:
            person = person_id(name)
        except InvalidName:
            person = ""
        self._attempts.begin(person, address, shared=self.trusts(address))
        account = self.accounts.find(person)
        async with self._hashing:
            fits = await asyncio.to_thread(self._passwords.fits, account.password if account else None, password)
        if account is None or not fits:
            log.warning("somebody at %s did not sign in: the name or the password is wrong", address)
            return None
        self._attempts.succeeded(person, address)
        log.info("%s has signed in", person)
        return _session(account.name, account.stamp)

    def expected(self, visitor: Visitor) -> Session | None:
        """The session that somebody gets without being asked: at this machine, or behind a proxy that names them."""
        match self.login:
            case "none":
                return _session(LOCAL, "")
            case "proxy" if visitor.named:
                session = _session(visitor.named, _BY_PROXY)
                return session if self.holds(session, visitor) else None
        return None

    def holds(self, session: Session, visitor: Visitor) -> bool:
        """Whether a session is still good, for whoever it comes from."""
        login = self.login
        if session.id in self._ended:
            return False
        if login == "none":
            return (session.person, session.stamp) == (LOCAL, "")
        try:
            account = self.accounts.find(session.person)
        except AccountsUnusable as error:
            self._tell(error)
            return False
        if login == "password":
            return account is not None and account.password is not None and account.stamp == session.stamp
        # What was done here without a login belongs to LOCAL, and to nobody who just happens to be called so.
        known = account is not None or session.person != LOCAL
        return known and (session.person, session.stamp) == (visitor.named, _BY_PROXY)

    def removed(self, people: Collection[str]) -> set[str]:
        """Which of these had an account that was taken away. Raises AccountsUnusable.

        Where nobody needs an account nobody is: LOCAL did not, either.
        """
        if self.login != "password":
            return set()
        return {person for person in people if person != LOCAL and self.accounts.find(person) is None}

    def end(self, session: Session) -> None:
        """Somebody signs out: from now on the session does not hold, not even in a copied cookie.

        Those of before a restart are not remembered.
        """
        if session.id:
            self._ended[session.id] = None
            if len(self._ended) > _MOST_ENDED:
                self._ended.popitem(last=False)

    def role(self, person: str) -> Role:
        """Of somebody who was let in; without an account of their own they are a member."""
        if self.login == "none":
            return "operator"
        try:
            account = self.accounts.find(person)
        except AccountsUnusable as error:
            self._tell(error)
            return "member"
        return account.role if account is not None else "member"

    def may(self, person: str, deed: Deed) -> bool:
        """Whether somebody may do what not everybody may; nobody may do nothing."""
        return self.login == "none" or (bool(person) and deed in MAY[self.role(person)])

    def _tell(self, error: AccountsUnusable) -> None:
        """Once: it is met with every request."""
        if self._told != str(error):
            self._told = str(error)
            log.error("%s", error)


def _session(person: str, stamp: str) -> Session:
    return Session(person, stamp, secrets.token_hex(8))
