"""Users of a test's Redis with the rights that `roundtable acl` gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis

from orchestration.keys import Keys
from orchestration.rights import Rights

PASSWORD = "geheim"


@contextmanager
def user(redis_url: str, keys: Keys, kind: str, rights: Rights) -> Iterator[str]:
    """A user as long as the block lasts, as the address to connect with; nothing may have been refused to it."""
    name = f"{keys.prefix}-{kind}"
    with Redis.from_url(redis_url, decode_responses=True) as admin:
        redis: Any = admin
        redis.execute_command("ACL", "SETUSER", *rights.rule(name, PASSWORD).split()[1:])
        try:
            yield redis_url.replace("unix://", f"unix://{name}:{PASSWORD}@")
            refused = [f"{one['object']} ({one['reason']})" for one in redis.acl_log() if one["username"] == name]
            assert not refused, f"{kind}: {refused}"
        finally:
            redis.execute_command("ACL", "DELUSER", name)
            redis.acl_log_reset()
