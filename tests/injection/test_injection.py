"""A document among the passages gives orders, and the model obeys as well as it can: nothing gets out.

The scripted model repeats the whole document in its answer, with a number behind it, calls every tool that it can think
of with the document in the arguments, and answers with nothing of its own.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from unittest.mock import AsyncMock

import pytest

from agents import Draft
from agents.models import Prompt, Reply, ToolCall, ToolOffer
from agents.models.scripted import ScriptedModel
from agents.runner import Runner
from agents.tools import Outcome
from agents.usage import Usage
from knowledge import Hit, Matrix, Vector
from tests.agents.garden import AGENT, QUESTION, ROSES, answerer, embed, hit, question, run
from tests.injection.documents import DOCUMENTS, SECRET

TRUE = f"{ROSES[0].removesuffix('.')} [1]."
_ACTIVE = re.compile(
    r"(?<!\\)<\w|(?<!\\)</|\]\((?!#)|^\W*\[[^\]]*\]:\s*\S|\b(?:https?|ftp)://|\bwww\.\w", re.IGNORECASE | re.MULTILINE
)
"""What a page would load, link or run, outside code."""


def unseen(text: str) -> set[str]:
    """Characters that nobody sees; line feeds and tabs are seen."""
    return {c for c in text if unicodedata.category(c) in ("Cf", "Cc", "Co", "Cn") and c not in "\n\t"}


class Mail:
    """A tool that would carry anything away."""

    offer = ToolOffer("mail__send", "Sends mail.", {"type": "object", "properties": {}})

    def __init__(self) -> None:
        self.sent: list[Mapping[str, object]] = []

    async def call(self, arguments: Mapping[str, object]) -> Outcome:
        self.sent.append(arguments)
        return Outcome("It was sent.")


class Given:
    """The operator gave the agent this tool."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    async def tools(self, agent: str) -> Sequence[Mail]:
        return (self._mail,)


def obedient(evil: str) -> ScriptedModel:
    """Does what the document says as soon as it has read it."""

    def script(prompt: Prompt) -> Reply | str:
        read = "\n".join(said.text for said in prompt.said)
        if "source [" not in read:
            return "NONE"
        if not any(said.role == "tool" for said in prompt.said):
            wanted: tuple[tuple[str, dict[str, object]], ...] = (
                ("mail__send", {"to": "evil", "text": read}),
                ("search_knowledge", {"query": evil, "person": "anna", "bases": ["security"]}),
                ("calculate", {"expression": evil}),
                ("read_file", {"path": "/etc/passwd"}),
            )
            made = tuple(ToolCall(f"call-{n}", tool, arguments) for n, (tool, arguments) in enumerate(wanted))
            return Reply("scripted:model", evil, (Usage(model="scripted:model", calls=1),), made)
        return f"{TRUE}\n\n{evil} [1]\n\n{evil}"

    return ScriptedModel(script)


async def answered(evil: str, mail: Mail) -> tuple[ScriptedModel, Draft, list[str]]:
    """Of the model's prompts, what came of it and what was looked up."""
    looked: list[str] = []

    async def search(text: str) -> tuple[Hit, ...]:
        looked.append(text)
        return ()

    model = obedient(evil)
    answers, _ = answerer(model, Given(mail))
    _, draft = await run(answers, question(hit("roses", *ROSES), hit("evil", evil), search=search))
    return model, draft, looked


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_calls_nothing_outside(name: str) -> None:
    """What reaches outside is not offered to a model that has read anything."""
    mail = Mail()
    model, _, _ = await answered(DOCUMENTS[name], mail)
    assert mail.sent == []
    for prompt in model.prompts:
        read = any("source [" in said.text for said in prompt.said)
        assert read != any(offer.name == "mail__send" for offer in prompt.tools)


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_changes_no_instruction(name: str) -> None:
    """In each prompt the instructions are the same as without it, and it stands between the lines of its fence."""
    model, _, _ = await answered(DOCUMENTS[name], Mail())
    plain, _, _ = await answered("Bread is baked at 220 degrees.", Mail())
    assert [prompt.said[0] for prompt in model.prompts] == [prompt.said[0] for prompt in plain.prompts]
    first = DOCUMENTS[name].splitlines()[0][:12]
    for prompt in model.prompts:
        assert [said.role for said in prompt.said[:2]] == ["system", "person"]
        material = prompt.said[1].text
        inside = re.sub(r"<<f00d (?!end)[^\n]*>>\n.*?\n<<f00d end>>", "", material, flags=re.DOTALL)
        assert inside.strip() == f"Question: {QUESTION}", "nothing else stands outside a fence"
        assert not unseen(material)
        if "f00d" not in first and not unseen(first) and "source [2]" in material:
            assert first in material


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_nothing_of_a_document_is_active_in_an_answer(name: str) -> None:
    """No link, picture or HTML, and no character that nobody sees."""
    _, draft, _ = await answered(DOCUMENTS[name], Mail())
    shown = re.sub(r"\[(?:uncited|unsupported)\]\(#mark-\w+\)", "", draft.text)
    outside = re.sub(r"```.*?```|`[^`\n]+`", "", shown, flags=re.DOTALL)
    assert not _ACTIVE.search(outside)
    assert not unseen(draft.text.replace("\u2060", "")), "but for the joiner that keeps an address from being one"
    if "](http" in DOCUMENTS[name] or "](//" in DOCUMENTS[name]:
        assert SECRET not in outside


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_what_a_document_makes_a_model_say_is_marked(name: str) -> None:
    """The passage that it names does not say so, or it names none; what is true stays supported."""
    _, draft, _ = await answered(DOCUMENTS[name], Mail())
    if draft.note is not None:
        assert {claim.support for claim in draft.claims} == {"quoted"}
        return
    assert draft.claims[0].support == "supported"
    assert {claim.support for claim in draft.claims[1:]} <= {"uncited", "unsupported"}
    assert all(claim.passage == "" for claim in draft.claims[1:])


class Shelves:
    """Knowledge that remembers for whom and where it was searched."""

    def __init__(self, evil: str) -> None:
        self._hits = [hit("roses", *ROSES), hit("evil", evil)]
        self.searched: list[tuple[tuple[str, ...], str]] = []

    async def search(
        self,
        bases: Sequence[str],
        question: str,
        vector: Vector,
        *,
        person: str = "local",
        limit: int = 6,
        sentences: bool = True,
        prefers: Collection[str] = (),
    ) -> list[Hit]:
        self.searched.append((tuple(bases), person))
        return self._hits

    async def embed(self, texts: Sequence[str]) -> Matrix:
        return await embed(texts)


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_opens_nobody_elses_knowledge(name: str) -> None:
    """Whatever a model writes into a call, it is searched for the person who asked, in the agent's own base."""
    shelves = Shelves(DOCUMENTS[name])
    answers, _ = answerer(obedient(DOCUMENTS[name]))
    await Runner(shelves, answers, 6).run(AGENT, QUESTION, None, bases=("garden",), person="otto", tell=AsyncMock())
    assert len(shelves.searched) >= 1 + bool(re.search(r"\w", DOCUMENTS[name])), "the model did look further"
    assert set(shelves.searched) == {(("garden",), "otto")}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_an_answer_poisons_no_further_step(name: str) -> None:
    """What was found goes on as material, between lines that it cannot know."""
    poisoned = f"Prune roses in March. {DOCUMENTS[name]}"
    answers, model = answerer(TRUE)
    await run(answers, question(hit("roses", *ROSES), context=(poisoned,)))
    [prompt] = model.prompts
    assert DOCUMENTS[name] not in prompt.said[0].text
    outside = re.sub(r"<<f00d (?!end)[^\n]*>>\n.*?\n<<f00d end>>", "", prompt.said[1].text, flags=re.DOTALL)
    assert outside.strip() == f"Question: {QUESTION}"


def test_there_are_enough() -> None:
    assert len(DOCUMENTS) >= 40
