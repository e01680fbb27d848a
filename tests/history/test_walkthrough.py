"""What is kept of conversations, and how it is found, named and deleted. Read this first."""

import sqlite3
from pathlib import Path

import pytest

from history import History, Refusal, open_history, search
from tests.history.said import BREAD, ROSES, asked, ended


async def names(history: History, search: str = "", person: str = "ada") -> list[str]:
    page = await history.conversations(person, 10, search=search)
    return [one.name for one in page.conversations]


async def test_a_conversation_is_there_from_its_first_question_on(history: History) -> None:
    """It is called like that question, and is listed before anybody has answered."""
    task = asked("r1")
    await history.note(task)
    assert await names(history) == [ROSES]
    (run,) = await history.runs("ada", "garden")
    assert (run.task, run.ended) == (task, False)


async def test_a_run_that_has_ended_is_kept_with_all_its_events(history: History) -> None:
    """What comes out is what went in, so a page draws the same from it."""
    events = ended(asked("r1"))
    await history.note(asked("r1"))
    await history.keep(events)
    assert await history.events("r1", "ada") == events
    run = await history.run("r1", "ada")
    assert run is not None
    assert (run.state, run.ended) == ("answered", True)


async def test_conversations_are_listed_by_what_happened_last(history: History) -> None:
    """The newest first, one page after the other."""
    for number in range(5):
        await history.keep(ended(asked(f"r{number}", f"Question {number}?", at=number, conversation=f"c{number}")))
    await history.keep(ended(asked("again", "One more?", at=50, conversation="c1")))
    first = await history.conversations("ada", 3)
    assert [one.id for one in first.conversations] == ["c1", "c4", "c3"]
    rest = await history.conversations("ada", 3, cursor=first.cursor)
    assert [one.id for one in rest.conversations] == ["c2", "c0"]
    assert rest.cursor == ""


async def test_everything_that_was_said_can_be_found(history: History) -> None:
    """By words of names, questions and answers, wherever they stand, and by how words begin."""
    await history.keep(ended(asked("r1"), "Prune them when the forsythia blooms, says Jörg."))
    await history.keep(ended(asked("r2", BREAD, at=200, conversation="kitchen"), "For fifty minutes."))
    assert await names(history, "FORSYTHIA roses") == [ROSES]
    assert await names(history, "jorg") == [ROSES]
    assert await names(history, "fift") == [BREAD]
    assert await names(history, "roses minutes") == []
    assert await names(history, '"rye* OR (') == []
    assert await names(history, "?!") == []


async def test_a_name_that_a_person_gave_stays(history: History) -> None:
    """Whatever is asked afterwards; and it is found by its old words no more."""
    await history.keep(ended(asked("r1")))
    await history.rename("ada", "garden", "  The   old garden ")
    await history.keep(ended(asked("r2", BREAD, at=200)))
    assert await names(history) == ["The old garden"]
    assert await names(history, "old") == ["The old garden"]


async def test_a_name_is_short_and_says_what_was_asked(history: History) -> None:
    """On one line, cut at a word, without the agents that were called."""
    await history.note(asked("r1", "@garden, @kitchen\nWhen do I prune, " + "and why " * 20))
    (name,) = await names(history)
    assert name.startswith("When do I prune, and why and")
    assert name.endswith((" why…", " and…"))
    assert len(name) <= 80
    await history.note(asked("r2", "@garden", conversation="other"))
    assert "@garden" in await names(history)


async def test_deleting_takes_everything_and_for_good(history: History) -> None:
    """Questions, answers, feedback, words; a run that ends later does not bring it back."""
    late = asked("late", "And the tulips?", at=900)
    await history.keep(ended(asked("r1")))
    await history.note(late)
    await history.give_feedback("ada", "r1", good=False, comment="too short")
    assert sorted(await history.delete("ada", "garden")) == ["late", "r1"]
    await history.keep(ended(late))
    assert await names(history) == []
    assert await names(history, "roses") == []
    assert await history.events("r1", "ada") == []
    assert await history.everybodys_feedback() == []
    await history.note(asked("new", "What now?", at=2_000))
    assert await names(history) == ["What now?"]


async def test_nothing_that_was_deleted_is_left_in_the_file(history: History) -> None:
    """Neither in the tables, nor in the index of words, nor in the write-ahead log."""
    await history.keep(ended(asked("r1", "Is the passphrase xylophone?"), "It is xylophone."))
    await history.delete("ada", "garden")
    left = [path.name for path in history.folder.iterdir() if b"xylophone" in path.read_bytes()]
    assert left == []


async def test_a_refused_question_is_kept_with_the_reason(history: History) -> None:
    """In the place of the question that was noted, until it is asked again."""
    task = asked("r1", message="m1")
    refusal = Refusal("ada", "garden", "m1", ROSES, "Roundtable is full.", True, "council", False, 101.0)
    await history.note(task)
    await history.refuse(refusal, task)
    assert await history.runs("ada", "garden") == []
    assert await history.refusals("ada", "garden") == [refusal]
    assert await names(history, "prune") == [ROSES]
    await history.ask_again("ada", "garden", "m1")
    assert await history.refusals("ada", "garden") == []


async def test_a_person_has_one_opinion_of_a_run(history: History) -> None:
    """The last one counts, and it can be taken back."""
    await history.keep(ended(asked("r1")))
    assert await history.give_feedback("ada", "r1", good=True)
    assert await history.give_feedback("ada", "r1", good=False, comment="It was April.")
    ((person, said),) = await history.everybodys_feedback()
    assert (person, said.run, said.good, said.comment) == ("ada", "r1", False, "It was April.")
    assert await history.take_back_feedback("ada", "r1")
    assert await history.feedback("ada", "r1") is None


async def test_nothing_is_anybody_elses(history: History) -> None:
    """Not in a list, not in a search, not by its id; and what bob does to it does nothing."""
    await history.keep(ended(asked("r1")))
    await history.keep(ended(asked("b1", "My own?", person="bob")))  # in a conversation of the same id
    assert await names(history, person="bob") == ["My own?"]
    assert await names(history, "roses", person="bob") == []
    assert await history.run("r1", "bob") is None
    assert await history.events("r1", "bob") == []
    assert not await history.give_feedback("bob", "r1", good=False)
    assert not await history.take_back_feedback("bob", "r1")
    assert await history.delete("bob", "garden") == ["b1"]
    assert await names(history) == [ROSES]


async def test_what_nothing_happened_in_for_long_can_go(history: History) -> None:
    """As an operator may want it (ROUNDTABLE_HISTORY_DAYS)."""
    await history.keep(ended(asked("r1", at=10)))
    await history.keep(ended(asked("r2", BREAD, at=500, conversation="kitchen")))
    assert await history.delete_old(before=400) == 1
    assert await names(history) == [BREAD]


async def test_everything_of_a_person_goes(history: History) -> None:
    """Also what was asked by a clock that was ahead; nobody else's."""
    await history.keep(ended(asked("r1")))
    await history.note(asked("r2", BREAD, at=9e9, conversation="kitchen"))
    await history.keep(ended(asked("b1", "My own?", person="bob")))
    for person in ("ada", "bob"):
        await history.prefer(person, {"detail": "agents"})
    assert await history.delete_everything_of("ada") == 2
    assert (await history.preferences("ada"), await history.preferences("bob")) == ({}, {"detail": "agents"})
    assert (await names(history), await names(history, person="bob")) == ([], ["My own?"])
    assert sum(len(runs) for runs in (await history.to_forget(10)).values()) == 2


async def test_what_is_deleted_is_gone_though_its_traces_cannot_be_removed(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not there any more, and Redis is asked to forget it."""
    await history.keep(ended(asked("r1")))

    def busy(db: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(search, "purge", busy)
    assert await history.delete("ada", "garden") == ["r1"]
    assert await names(history) == []
    assert history.unforgotten.is_set()


async def test_how_a_person_likes_the_page_is_kept(tmp_path: Path) -> None:
    """By name, the newest; over a restart, and nobody else's."""
    async with open_history(tmp_path) as history:
        await history.prefer("ada", {"detail": "answer", "ask_first": "on"})
        await history.prefer("ada", {"detail": "agents"})
    async with open_history(tmp_path) as history:
        assert await history.preferences("ada") == {"detail": "agents", "ask_first": "on"}
        assert await history.preferences("bob") == {}


async def test_what_has_not_ended_is_found_in_whatever_conversation(tmp_path: Path) -> None:
    """The newest first, of this person only."""
    async with open_history(tmp_path) as history:
        for run, conversation, at in (("r1", "c1", 1.0), ("r2", "c2", 2.0), ("r3", "c2", 3.0)):
            await history.note(asked(run, conversation=conversation, at=at))
        await history.keep(ended(asked("r2", conversation="c2", at=2.0)))
        assert [run.task.id for run in await history.open_runs("ada", 10)] == ["r3", "r1"]
        assert [run.task.id for run in await history.open_runs("ada", 1)] == ["r3"]
        assert await history.open_runs("bob", 10) == []


async def test_one_question_to_the_single_agent_does_not_change_the_conversation(tmp_path: Path) -> None:
    """Whoever answers it, because the person or an outage wanted so."""
    async with open_history(tmp_path) as history:
        for run, given in (("r1", {"for_once": True}), ("r2", {"instead_of_council": True})):
            await history.keep(ended(asked(run, mode="single").model_copy(update=given)))
            found = await history.conversation("ada", "garden")
            assert found is not None
            assert found.mode == "council"
