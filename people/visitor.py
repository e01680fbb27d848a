"""Who is behind the request that is answered at the moment, as the entrance has found out."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Visitor:
    """A request's sender. Empty is nobody."""

    person: str = ""
    """Who is signed in."""
    stamp: str = ""
    """Of the session, as the account had it then."""
    named: str = ""
    """Whom a trusted proxy names."""
    address: str = ""
    """The other end of the connection; of a proxy where there is one."""


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
