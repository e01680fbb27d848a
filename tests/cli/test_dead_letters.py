"""`roundtable dead-letters`: what no worker could use, in the hands of an operator."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from orchestration.keys import Keys
from orchestration.messages import PlanStep, StepMessage, encode
from tests.cli.runs import Terminal
from tests.orchestration.signatures import OLD, key_file

Buried = Callable[[str, bytes, str], str]


@pytest.fixture
def bury(redis: Redis, keys: Keys) -> Buried:
    """Makes a dead letter of a message, and returns its id."""

    def make(agent: str, message: bytes, reason: str) -> str:
        entry: Any = redis.xadd(keys.dead(agent), {"m": message, "reason": reason, "entry": "1-0"})
        return f"{agent}/{entry}"

    return make


def step(run: str) -> bytes:
    question = "How is Redis secured?"
    return encode(StepMessage(run=run, person="ada", step=PlanStep(id="s1", agent="security", question=question)))


def test_they_are_listed_oldest_first(operator: Terminal, bury: Buried) -> None:
    """Which one, whose, since when and why."""
    first = bury("operations", b"?", "not a step")
    second = bury("security", step("gone"), "its run does not exist")
    ran = operator.types("dead-letters", "list")
    header, *rows = ran.out.splitlines()
    assert (ran.code, ran.err, header.split()) == (0, "", ["ID", "AGENT", "SINCE", "REASON"])
    assert [row.split()[:2] for row in rows] == [[first, "operations"], [second, "security"]]
    assert rows[0].endswith(" UTC  not a step")


def test_json_has_the_whole_message(operator: Terminal, bury: Buried) -> None:
    """What can be read of it as a step, and what cannot as it came, whatever the bytes."""
    bury("operations", step("gone"), "its run does not exist")
    bury("security", b"\xff?", "not a step")
    ran = operator.types("dead-letters", "list", "--json")
    readable, garbage = json.loads(ran.out)["dead_letters"]
    assert readable["step"]["step"]["question"] == "How is Redis secured?"
    assert json.loads(readable["message"]["m"])["person"] == "ada"
    assert (garbage["step"], garbage["message"], garbage["reason"]) == (None, {"m": "\\xff?"}, "not a step")


def test_when_there_are_none_that_is_said(operator: Terminal) -> None:
    """In words for a person, as an empty list for a program; with --all there is nothing to do then."""
    assert operator.types("dead-letters", "list").out == "There are no dead letters.\n"
    assert json.loads(operator.types("dead-letters", "list", "--json").out) == {"dead_letters": []}
    assert operator.types("dead-letters", "replay", "--all").out == "There are no dead letters.\n"


def test_a_replay_says_what_became_of_each(operator: Terminal, bury: Buried, redis: Redis, keys: Keys) -> None:
    """Garbage goes back to its agent; a step whose run is over is asked again as a run of its own."""
    garbage, late = bury("security", b"?", "not a step"), bury("security", step("gone"), "its run does not exist")
    ran = operator.types("dead-letters", "replay", garbage, late, garbage)
    run = ran.out.strip().rpartition(" ")[2]
    assert ran.code == 0
    assert ran.out == f"{garbage}: put back for security\n{late}: asked again as run {run}\n"
    assert redis.xlen(keys.tasks("security")) == 1
    assert redis.hget(keys.run(run), "person") == "ada"
    assert operator.types("dead-letters", "list").out == "There are no dead letters.\n"


def test_they_are_dropped_one_by_one_or_all(operator: Terminal, bury: Buried) -> None:
    """Nothing is asked back, so it has to be said which."""
    first, second, third = (bury("security", b"?", "not a step") for _ in range(3))
    assert operator.types("dead-letters", "drop", second).out == f"{second}: dropped\n"
    assert operator.types("dead-letters", "drop", "--all").out == f"{first}: dropped\n{third}: dropped\n"
    assert operator.types("dead-letters", "list").out == "There are no dead letters.\n"


@pytest.mark.parametrize("action", ["replay", "drop"])
@pytest.mark.parametrize("unknown", ["security/1-1", "nobody/1-1", "security/99999999999999999999-0", "x", "", "*"])
def test_an_unknown_id_leaves_everything_as_it_is(operator: Terminal, bury: Buried, action: str, unknown: str) -> None:
    """Those named before it as well: all are looked up first."""
    known = bury("security", b"?", "not a step")
    ran = operator.types("dead-letters", action, known, unknown)
    assert (ran.code, ran.out) == (2, "")
    assert ran.complaint == f"roundtable: There is no dead letter {unknown!r}."
    assert known in operator.types("dead-letters", "list").out


@pytest.mark.parametrize("argv", [["replay"], ["drop"], ["replay", "security/1-1", "--all"], ["bogus"], []])
def test_wrong_usage_is_one_line(operator: Terminal, argv: list[str]) -> None:
    """Neither ids nor --all, or both."""
    ran = operator.types("dead-letters", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert "roundtable dead-letters" in ran.complaint


def test_during_a_halt_nothing_is_asked_again(operator: Terminal, bury: Buried) -> None:
    """The letter stays where it is, and the reason is said."""
    letter = bury("security", step("gone"), "its run does not exist")
    operator.types("halt", "--reason", "disk full")
    ran = operator.types("dead-letters", "replay", letter)
    assert (ran.code, "(disk full)" in ran.complaint) == (1, True)
    assert letter in operator.types("dead-letters", "list").out


def test_forged_ones_are_told_and_not_replayed_with_all_others(
    operator: Terminal, bury: Buried, redis: Redis, keys: Keys, tmp_path: Path
) -> None:
    """With the signing keys it is seen which nobody wrote who has them; who names one vouches for it."""
    settings = operator.settings.model_copy(update={"signing_keys": key_file(tmp_path, OLD)})
    keyed = replace(operator, settings=settings)
    forged = bury("security", step("gone"), "forged: it is not signed")
    redis.hset(keys.alarm("security"), mapping={"messages": 1, "at": 0, "why": "it is not signed"})
    redis.expire(keys.alarm("security"), 60)
    first, *_ = keyed.types("dead-letters", "list").out.splitlines()
    assert first == (
        "FORGED: 1 message for security that nobody with the signing keys wrote; of the latest, at 1970-01-01 "
        "00:00 UTC, it is not signed."
    )
    assert json.loads(keyed.types("dead-letters", "list", "--json").out)["dead_letters"][0]["forged"]
    assert keyed.types("agents").out.splitlines()[0] == first
    assert "left alone, because it is not signed" in keyed.types("dead-letters", "replay", "--all").out
    assert keyed.types("dead-letters", "replay", forged).out.startswith(f"{forged}: asked again as run ")
