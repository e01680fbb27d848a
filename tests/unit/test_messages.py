"""What goes over the wire, now and from other versions."""

import pytest
from pydantic import ValidationError

from orchestration.errors import UnsupportedMessage
from orchestration.messages import (
    CoordinationPlan,
    PlanStep,
    StepMessage,
    Task,
    Token,
    decode,
    decode_event,
    encode,
)


def test_an_event_comes_back_as_it_was() -> None:
    """`kind` says which event it is."""
    event = Token(run="r", step="s1", channel="answer", text="héllo\n")
    assert decode_event(encode(event)) == event


def test_unknown_fields_are_ignored() -> None:
    """A newer minor version may add fields."""
    data = b'{"v":"1.7","kind":"token","run":"r","channel":"answer","text":"t","colour":"blue"}'
    assert decode_event(data) == Token(run="r", channel="answer", text="t")


def test_a_newer_major_version_is_refused() -> None:
    """It may mean something else, so it is left for a program that knows."""
    with pytest.raises(UnsupportedMessage, match=r"2\.0"):
        decode(Task, b'{"v":"2.0","question":"?"}')


@pytest.mark.parametrize("data", [b"", b"\xff", b"{}", b'{"v":"1.0","kind":"token"}', b'{"v":"1.0","kind":"unheard"}'])
def test_garbage_is_a_validation_error(data: bytes) -> None:
    """Whatever it is, it is one kind of error."""
    with pytest.raises(ValidationError):
        decode_event(data)


def test_messages_are_frozen() -> None:
    """Nobody changes a message on its way."""
    message = StepMessage(run="r", person="ada", step=PlanStep(id="s1", agent="a", question="?"))
    with pytest.raises(ValidationError):
        message.person = "bob"  # type: ignore[misc]


def test_a_plan_knows_what_is_ready() -> None:
    """A step waits for all the steps it depends on, whichever way they ended."""
    first, second = PlanStep(id="s1", agent="a", question="?"), PlanStep(id="s2", agent="b", question="?")
    third = PlanStep(id="s3", agent="c", question="?", depends_on=("s1", "s2"))
    plan = CoordinationPlan(steps=(first, second, third))
    assert plan.ready(ended=(), begun=()) == (first, second)
    assert plan.ready(ended=("s1",), begun=("s1", "s2")) == ()
    assert plan.ready(ended=("s1", "s2"), begun=("s1", "s2")) == (third,)
