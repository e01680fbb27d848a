"""What each kind of process may do in Redis: the rules of a user of its own (ACL), for servers from 6.2 on.

A rule allows commands and keys separately: whoever may use a command may use it on all its keys. Scripts run with the
rights of whoever runs them, so a script allows nothing that its user may not do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from orchestration.durability import Durability
from orchestration.errors import ConfigurationError
from orchestration.keys import OF_RUNS, Keys, probe_beside
from orchestration.messages import PRIORITIES

NO_PASSWORD = "#SHA256-OF-THE-PASSWORD"
"""Stands where a password's hash has to be put; Redis refuses a file in which it still stands."""

_PLAIN = re.compile(r"[A-Za-z0-9._:-]+")
_ANY = "*"

_CONNECTION = "asking auth hello ping select info role time cluster|slots client|id client|setname client|unblock"
_SCRIPTS = "eval evalsha"
_HINTS = "publish subscribe unsubscribe"
_RUNS_STEPS = "hget hmget hset hincrby hdel exists xadd xdel xrange"
"""Steps of a run that is known by its id: claim, append, renew, release, absolve, commit."""
_TASKS = "xlen xreadgroup xautoclaim xclaim xpending xack xdel xrange xgroup|create xgroup|delconsumer xinfo|consumers"
_OUTCOMES = "xadd xrevrange del hget hset hincrby pexpire"
"""Dead letters, the breaker and the alarm."""
_PRESENCE = "hset hdel zadd zrem zrangebyscore"
_SWITCH = "get setrange"
"""Whether all agents are halted, and whether writes are taken."""
_SHELVES = "hget hmget hgetall hkeys hlen hset hsetnx hdel hincrby zadd zrangebyscore sadd srem smembers"
_FILES = "persist pexpire pttl unlink"
_ORCHESTRATION = "get set del exists pexpire hexists hgetall hlen hvals xlen xread scan"
_TURNS = "zcard zcount zpopmin zrange zremrangebyscore lindex lpop lpush lrange lrem ltrim rpush"
_FIGURES = "exists get hget hmget xlen xpending zcard zrangebyscore"

_WORKER = (_CONNECTION, _SCRIPTS, _HINTS, _RUNS_STEPS, _TASKS, _OUTCOMES, _PRESENCE, _SWITCH, _SHELVES, _FILES)
_WEB = (*_WORKER, _ORCHESTRATION, _TURNS)
_OBSERVER = (_CONNECTION, _SCRIPTS, _FIGURES)


@dataclass(frozen=True)
class Rights:
    """Of one user."""

    keys: tuple[str, ...]
    """Patterns; one that ends in a star is open there and nowhere else."""
    channels: tuple[str, ...]
    commands: tuple[str, ...]

    def waiting_for(self, durability: Durability) -> "Rights":
        """With what is asked of the server behind each write, which not every server knows."""
        if not durability.asks:
            return self
        names = {str(name).lower() for name, *_ in durability.questions}
        return replace(self, commands=tuple(sorted({*self.commands, *names})))

    def rule(self, user: str, password: str | None) -> str:
        """A line of an ACL file. Only a hash of the password is in it; without one Redis refuses the file."""
        if not _PLAIN.fullmatch(user):
            raise ConfigurationError("The name of a user has letters, digits, dots, colons, - and _ only.")
        secret = NO_PASSWORD if password is None else f"#{sha256(password.encode()).hexdigest()}"
        parts = ["user", user, "on", secret, "resetkeys", *(f"~{key}" for key in self.keys)]
        parts += ["resetchannels", *(f"&{channel}" for channel in self.channels)]
        return " ".join([*parts, "-@all", *(f"+{command}" for command in self.commands)])


def rights_of_web(keys: Keys) -> Rights:
    """Whoever takes questions in and drives runs, and operators' commands: everything under the prefix."""
    return Rights((f"{_checked(keys)}:*",), (keys.hints,), _commands(_WEB))


def rights_of_worker(keys: Keys, agents: Sequence[str]) -> Rights:
    """Steps of these agents, and the documents that they answer from. Runs are known to it by their ids alone."""
    _checked(keys)
    own = [pattern for agent in agents for pattern in (*_of_agent(keys, agent), keys.shelf(agent, "") + _ANY)]
    own += [keys.unwanted(agent) for agent in agents]
    runs = [pattern for shard in keys.shards for pattern in (shard.run(_ANY), shard.halted, shard.probe)]
    shared = (keys.layout, keys.probes, keys.presence, keys.seen, keys.record, keys.shelves, keys.document(_ANY))
    written = (*(keys.tasks(agent) for agent in agents), keys.presence, keys.record)
    own += [probe_beside(key) for key in written]
    return Rights((*own, *runs, *shared), (keys.hints,), _commands(_WORKER))


def rights_of_observer(keys: Keys) -> Rights:
    """Figures: who is alive, and how much waits. No message, question, answer or document, and nothing is changed."""
    _checked(keys)
    runs = [pattern for shard in keys.shards for pattern in (shard.active, shard.waiting, shard.awaiting, shard.halted)]
    runs.append(keys.alarm(OF_RUNS))
    return Rights((*_of_agent(keys, _ANY), *runs, keys.layout, keys.presence, keys.seen), (), _commands(_OBSERVER))


def _of_agent(keys: Keys, agent: str) -> tuple[str, ...]:
    """What lies in Redis for one agent, but for its documents."""
    streams = (keys.tasks(agent, priority) for priority in PRIORITIES)
    return (*streams, keys.dead(agent), keys.breaker(agent), keys.alarm(agent))


def _commands(lists: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({command for commands in lists for command in commands.split()}))


def _checked(keys: Keys) -> str:
    """The prefix, which is a pattern here; what is not plain would mean something in one."""
    if not _PLAIN.fullmatch(keys.prefix):
        raise ConfigurationError("The prefix of the keys has letters, digits, dots, colons, - and _ only.")
    return keys.prefix
