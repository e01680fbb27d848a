"""Connections to the master that Sentinels name; after a failover new ones go to the new master."""

from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.sentinel import (
    MasterNotFoundError,
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.exceptions import AuthenticationError, ConnectionError, ResponseError, TimeoutError

from orchestration.address import SentinelAddress
from orchestration.clients import UNTRUSTED
from orchestration.round_trips import REPLY_SECONDS

ASKING_SECONDS = 1.0
"""A Sentinel that is silent for so long is passed over, if there is another one."""


class _ToTheMaster:
    """Makes sure that a connection leads to a master when it is made and for as long as it is used.

    A Sentinel may not have heard of a failover yet, and what a script says about a replica redis-py does not notice.
    """

    async def connect_to(self: Any, address: tuple[str, int]) -> None:
        await super().connect_to(address)  # type: ignore[misc]
        await self.send_command("ROLE")
        role, *_ = await self.read_response()
        if role not in (b"master", "master"):
            await self.disconnect()
            raise ConnectionError("the server that its Sentinels name is not the master any more")

    @staticmethod
    def misled(reply: Any) -> bool:
        """Whether this is what a master says that is one no more."""
        return isinstance(reply, ResponseError) and "READONLY" in str(reply)


class _Plain(_ToTheMaster, SentinelManagedConnection):
    pass


class _Secured(_ToTheMaster, SentinelManagedSSLConnection):
    pass


class Sentinels(Sentinel):
    """Those of one address; they are asked whenever a connection is made."""

    def __init__(self, address: SentinelAddress, **options: Any) -> None:
        patience = ASKING_SECONDS if len(address.sentinels) > 1 else REPLY_SECONDS
        limits = {"socket_timeout": patience, "socket_connect_timeout": patience}
        asking = {**address.asking, **options, **limits, "ssl": address.tls}
        super().__init__(address.sentinels, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]
        self._address = address

    def pool(self, **options: Any) -> ConnectionPool:
        """A pool of connections to the master."""
        kind: Any = _Secured if self._address.tls else _Plain
        pool: Any = SentinelConnectionPool
        made: ConnectionPool = pool(
            self._address.service, self, connection_class=kind, **{**self._address.master, **options}
        )
        return made

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """Where the master is. What goes wrong is said in one sentence, without what redis-py knows of its clients."""
        refused: AuthenticationError | None = None
        untrusted: ConnectionError | None = None
        unknown = answered = False
        for place, sentinel in enumerate(tuple(self.sentinels)):
            try:
                masters: Any = await sentinel.sentinel_masters()
            except AuthenticationError as error:
                refused = error
            except (ConnectionError, TimeoutError) as error:
                if isinstance(error, ConnectionError) and UNTRUSTED in str(error):
                    untrusted = error
            else:
                answered = True
                unknown = unknown or service_name not in masters
                if service_name in masters and self.check_master_state(masters[service_name], service_name):
                    # Who knew it is asked first next time.
                    self.sentinels.insert(0, self.sentinels.pop(place))
                    return masters[service_name]["ip"], masters[service_name]["port"]
        if refused is not None:
            raise AuthenticationError(f"its Sentinels want others (sentinel_username, sentinel_password): {refused}")
        if untrusted is not None:
            raise untrusted
        if unknown:
            raise ResponseError(f"its Sentinels know no service {service_name!r}")
        if not answered:
            raise MasterNotFoundError("none of its Sentinels answers")
        raise MasterNotFoundError(f"no Sentinel knows a master of {service_name!r} that is up")
