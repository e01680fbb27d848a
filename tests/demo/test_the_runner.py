"""How a presentation goes on, with a page and without one. Read this first."""

import pytest

from demo.acts import Backdoor, Do, Picture, Scene, Watch, ask, begin
from demo.errors import NotAsExpected
from demo.runner import Runner
from tests.demo.stand_ins import Recorder

FIRST = Scene("First", "Before all.", (begin(), ask("Who is there?"), Picture("first", height=700)))
SECOND = Scene(
    "Second",
    "And then.",
    (
        Backdoor("the worker dies.", lambda behind: behind.kill_worker()),
        Watch("it goes on.", lambda page, _: page.shows("Started again")),
    ),
    before=(ask("Who was there?"),),
)


class Told:
    """What the presenter heard, and after which words they went on."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.waited: list[str] = []

    async def pace(self, words: str) -> None:
        self.waited.append(words)

    def runner(self, page: Recorder | None, backstage: Recorder, *, recording: bool = False) -> Runner:
        return Runner(page, backstage, say=self.said.append, pace=self.pace, recording=recording)


async def test_scenes_are_played_in_their_order() -> None:
    """What is said comes before what is done; the page and the processes do it."""
    told, page, backstage = Told(), Recorder(), Recorder()
    await told.runner(page, backstage).play((FIRST, SECOND))
    assert told.said == [
        "\n1 of 2: First\nBefore all.",
        "  Begin a new conversation.",
        "  Ask: Who is there?",
        "\n2 of 2: Second\nAnd then.",
        "  Behind the page: the worker dies.",
        "  Look: it goes on.",
    ]
    assert page.calls == ["begin", "ask Who is there?", "shows Started again"]
    assert backstage.calls == ["kill_worker"]


async def test_the_presenter_decides_when_something_is_done() -> None:
    """After each announcement; nothing waits where there is only something to look at."""
    told = Told()
    await told.runner(Recorder(), Recorder()).play((SECOND,), first=1)
    assert told.waited == ["\n1 of 1: Second\nAnd then.", "  Behind the page: the worker dies."]


async def test_what_was_to_be_looked_at_stays_until_it_can_have_been_read() -> None:
    """It counts towards the next wait; the last of it, towards the end."""
    told = Told()
    runner = told.runner(Recorder(), Recorder())
    await runner.play((SECOND, FIRST))
    assert told.waited[2] == "  Look: it goes on. \n2 of 2: First\nBefore all."
    await runner.play((SECOND,))
    await runner.end("That was all.")
    assert told.waited[-1] == "  Look: it goes on. That was all."


async def test_a_later_scene_is_prepared() -> None:
    """Only where the presentation begins with it."""
    told, page = Told(), Recorder()
    await told.runner(page, Recorder()).play((FIRST, SECOND), first=2)
    assert page.calls == ["ask Who was there?", "shows Started again"]
    assert told.said[0].startswith("\n2 of 2: Second")


async def test_without_a_page_the_presenter_is_told_what_to_do_in_one() -> None:
    """The processes are ours all the same, and every act of the page is there to be done."""
    told, backstage = Told(), Recorder()
    await told.runner(None, backstage).play((FIRST, SECOND), first=2)
    assert told.said[1:] == [
        "  First, in your browser: Ask: Who was there?",
        "  Behind the page: the worker dies.",
        "  Look: it goes on.",
    ]
    assert backstage.calls == ["kill_worker"]
    told = Told()
    await told.runner(None, backstage).play((FIRST,))
    assert "  In your browser: Ask: Who is there?" in told.said


@pytest.mark.parametrize("recording", [True, False])
async def test_pictures_are_taken_when_they_are_recorded(recording: bool) -> None:
    """And at no other time."""
    page = Recorder()
    await Told().runner(page, Recorder(), recording=recording).play((FIRST,))
    assert ("picture first 700 False" in page.calls) is recording


async def test_what_does_not_happen_ends_it() -> None:
    """Nothing is played over a page that shows something else."""
    page, backstage = Recorder(fails="ask"), Recorder()
    with pytest.raises(NotAsExpected, match="ask did not happen"):
        await Told().runner(page, backstage).play((FIRST, SECOND))
    assert backstage.calls == []


def test_an_act_is_one_of_four() -> None:
    """What the runner knows how to play."""
    assert {type(act) for scene in (FIRST, SECOND) for act in scene.acts} == {Do, Watch, Backdoor, Picture}
