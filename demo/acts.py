"""What a scene is made of."""

from dataclasses import dataclass

from demo.stage import Behind, InPage


@dataclass(frozen=True)
class Do:
    """Something that a person does in the page."""

    words: str
    """What is done, as one would tell somebody to do it in a browser of their own."""
    play: InPage


@dataclass(frozen=True)
class Watch:
    """Something that happens in the page by itself."""

    words: str
    """What to look at."""
    play: InPage
    """Returns when it has happened."""


@dataclass(frozen=True)
class Backdoor:
    """Something that is done to the processes, not to the page."""

    words: str
    play: Behind


@dataclass(frozen=True)
class Picture:
    """For the README; only when pictures are recorded."""

    name: str
    height: int = 900
    dark: bool = False


Act = Do | Watch | Backdoor | Picture


@dataclass(frozen=True)
class Scene:
    """One thing to show."""

    title: str
    says: str
    """What the presenter says before anything happens."""
    acts: tuple[Act, ...]
    before: tuple[Do | Watch, ...] = ()
    """What must have happened in the page, played in silence when the demonstration begins with this scene."""


def press_starter(label: str, question: str) -> Do:
    return Do(f"Press “{label}”, which asks: {question}", lambda page, _: page.start(label))


def ask(question: str) -> Do:
    return Do(f"Ask: {question}", lambda page, _: page.ask(question))


def begin() -> Do:
    return Do("Begin a new conversation.", lambda page, _: page.begin())


def answered(words: str, look: str) -> Watch:
    """An answer with sources; `words` are in it."""
    return Watch(look, lambda page, _: page.answered(words))
