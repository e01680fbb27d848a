"""Who is behind the request that is answered at the moment, as the entrance has found out."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Session:
    """What a browser has in its signed cookie."""

    person: str
    stamp: str = ""
    """The account's, as it was then."""
    id: str = ""
    """Tells the sessions of one person apart."""


@dataclass(frozen=True)
class Visitor:
    """A request's sender."""

    session: Session | None = None
    """Of somebody who is signed in."""
    named: str = ""
    """Whom a trusted proxy names."""
    address: str = ""
    """The other end of the connection; of a proxy where there is one."""
    languages: str = ""
    """Those that the browser asks for, as it says it."""

    @property
    def person(self) -> str:
        """Who is signed in; empty is nobody."""
        return self.session.person if self.session is not None else ""


NOBODY = Visitor()
_visitor: ContextVar[Visitor] = ContextVar("visitor", default=NOBODY)


def visitor() -> Visitor:
    """Also in the tasks that a request has started, such as those of a socket."""
    return _visitor.get()


@contextmanager
def visiting(visitor: Visitor) -> Iterator[None]:
    token = _visitor.set(visitor)
    try:
        yield
    finally:
        _visitor.reset(token)
