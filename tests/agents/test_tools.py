"""Tools of an agent's model: within after it has read, outside only before; never more than a few calls."""

from collections.abc import Mapping, Sequence

import pytest

from agents import Budget, Exchange, Terms, ToolFailed
from agents.models import Prompt, Reply, ToolCall, ToolOffer
from agents.tools import Outcome, Tool
from agents.tools.calculator import Calculator, calculate
from agents.usage import Usage
from knowledge import Hit
from tests.agents.garden import QUESTION, ROSES, answerer, hit, question, run

SCHEMA = {"type": "object", "properties": {}}


def calls(*wanted: tuple[str, Mapping[str, object]], text: str = "") -> Reply:
    made = tuple(ToolCall(f"call-{n}", tool, arguments) for n, (tool, arguments) in enumerate(wanted))
    return Reply("scripted:model", text, (Usage(model="scripted:model", calls=1),), made)


class Weather:
    """A tool that reaches outside, and remembers that it did."""

    offer = ToolOffer("weather__now", "The weather outside.", SCHEMA)

    def __init__(self, told: str = "It is raining in the garden.") -> None:
        self.asked: list[Mapping[str, object]] = []
        self._told = told

    async def call(self, arguments: Mapping[str, object]) -> Outcome:
        self.asked.append(arguments)
        return Outcome(self._told)


class Given:
    """Tools that every agent was given."""

    def __init__(self, *tools: Tool) -> None:
        self._tools = tools

    async def tools(self, agent: str) -> Sequence[Tool]:
        return self._tools


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("10 * 52", "520"),
        ("0.1 + 0.2", "0.3"),
        ("1,000 / 3", "333.333333333"),
        ("2^10 − 24", "1000"),  # noqa: RUF001
        ("(1 + 2) × -3", "-9"),
        ("sqrt(2.25) + 7 // 2 % 2", "2.5"),
        ("0 ** 2", "0"),
        ("(-1) ** 999999999", "-1"),
        ("2 ** 0.5", "1.41421356237"),
    ],
)
def test_a_calculator_is_exact(expression: str, result: str) -> None:
    assert calculate(expression) == result


@pytest.mark.parametrize(
    "expression",
    ["1 / 0", "9 ** 9 ** 9", "10 ** 40", "(-8) ** 0.5", "sqrt(-1)", "__import__('os')", "a + 1", "True",
     "1 if 1 else 2", "[1]", "'a' * 9", "sqrt(1, 2)", "(" * 150 + "1" + ")" * 150, "1 + " * 60 + "1", "1e999",
     "9.9e200 ** 1.5", "(0.1) ** 99", "1;2", "lambda: 1", "\x00", ""],
)  # fmt: skip
def test_a_calculator_does_nothing_else(expression: str) -> None:
    with pytest.raises(ToolFailed):
        calculate(expression)


@pytest.mark.parametrize("arguments", [{}, {"expression": 7}, {"expression": " "}, {"query": "1 + 1"}])
async def test_arguments_are_what_a_model_made_up(arguments: Mapping[str, object]) -> None:
    with pytest.raises(ToolFailed):
        await Calculator().call(arguments)


async def test_an_agent_looks_further_in_its_own_knowledge() -> None:
    """What it finds gets the next number, and the answer may rest on it."""
    asked: list[str] = []

    async def search(text: str) -> tuple[Hit, ...]:
        asked.append(text)
        return hit("roses", *ROSES), hit("bread", "Bread is baked at 220 degrees.")

    def script(prompt: Prompt) -> Reply | str:
        if len(prompt.said) == 2:
            return calls(("search_knowledge", {"query": "baking", "person": "somebody else"}), text="Wait [1].")
        return "Prune roses in March [1]. Bread is baked at 220 degrees [2]."

    answers, model = answerer(script)
    pieces, draft = await run(answers, question(hit("roses", *ROSES), search=search))
    assert asked == ["baking"]
    assert [found.passage.id for found in draft.further] == ["bread#0"]
    assert [claim.passage for claim in draft.claims] == ["roses#0", "bread#0"]
    assert "source [2]" in model.prompts[1].said[-1].text
    assert "source [1]" not in model.prompts[1].said[-1].text, "it is known already"
    assert any("search\\_knowledge" in piece.text for piece in pieces if piece.channel == "reasoning")
    last = max(n for n, piece in enumerate(pieces) if piece.channel == "answer" and piece.fresh)
    assert "Wait" not in "".join(piece.text for piece in pieces[last:])
    assert draft.usage[0].calls == 2


async def test_a_calculated_figure_rests_on_its_source_and_its_calculation() -> None:
    def script(prompt: Prompt) -> Reply | str:
        if len(prompt.said) == 2:
            return calls(("calculate", {"expression": "10 * 52"}))
        return "Roses want ten litres of water a week, 520 a year [1][2]. Roses want 530 litres of water a week [1][2]."

    answers, _ = answerer(script)
    _, draft = await run(answers, question(hit("roses", *ROSES)))
    assert [claim.support for claim in draft.claims] == ["supported", "unsupported"]
    assert draft.claims[0].passage == "roses#0"
    assert draft.further[0].passage.text == "10 * 52 = 520"
    assert draft.further[0].passage.base == ""


async def test_a_model_that_only_calls_tools_is_asked_for_an_answer() -> None:
    """A few rounds and a few calls, then it is offered none."""
    looked: list[str] = []

    async def search(text: str) -> tuple[Hit, ...]:
        looked.append(text)
        return ()

    def script(prompt: Prompt) -> Reply | str:
        return calls(*[("search_knowledge", {"query": "again"})] * 4)

    answers, model = answerer(script)
    budget = Budget(calls=50, tokens=100_000)
    _, draft = await run(answers, question(hit("roses", *ROSES), search=search, terms=Terms(budget=budget)))
    assert [bool(prompt.tools) for prompt in model.prompts] == [True, True, False]
    assert len(looked) == 6
    assert draft.note is not None
    assert draft.note.why == "unusable"
    assert draft.claims[0].support == "quoted"


async def test_the_last_call_of_a_budget_is_for_the_answer() -> None:
    answers, model = answerer("Prune roses in March [1].")
    await run(answers, question(hit("roses", *ROSES), terms=Terms(budget=Budget(calls=1))))
    assert [prompt.tools for prompt in model.prompts] == [()]


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("weather__now", {}, "There is no such tool"),
        ("os.system", {"command": "id"}, "There is no such tool"),
        ("calculate", {"expression": "import os"}, "no expression"),
        ("calculate", {}, "needs an expression"),
        ("search_knowledge", {"query": ["a"]}, "needs a query"),
    ],
)
async def test_a_wrong_call_is_answered_with_what_is_wrong(
    tool: str, arguments: Mapping[str, object], told: str
) -> None:
    async def search(text: str) -> tuple[Hit, ...]:
        raise AssertionError("nothing was to be looked up")

    answers, model = answerer(
        lambda prompt: calls((tool, arguments)) if len(prompt.said) == 2 else "Prune roses in March [1]."
    )
    _, draft = await run(answers, question(hit("roses", *ROSES), search=search))
    assert told in model.prompts[1].said[-1].text
    assert draft.claims[0].support == "supported"


async def test_tools_that_reach_outside_are_called_before_anything_is_read() -> None:
    """In the first prompt there is only what the person asked; in the second one there is no such tool any more."""
    weather = Weather()

    def script(prompt: Prompt) -> Reply | str:
        if any(offer.name == "weather__now" for offer in prompt.tools):
            return calls(("weather__now", {"place": "garden"}), text="One moment.")
        return "It is raining in the garden [2]. Prune roses in March [1]."

    answers, model = answerer(script, Given(weather))
    terms = Terms(conversation=(Exchange(question="What grows here?", answer="An earlier answer."),))
    asked = question(hit("roses", *ROSES), terms=terms, context=("Somebody's finding.",), planned="When is it done?")
    pieces, draft = await run(answers, asked)
    first, second = model.prompts
    before = "\n".join(said.text for said in first.said)
    assert "When is it done?" in before
    assert "What grows here?" in before
    for read in (*ROSES, "Somebody's finding.", "An earlier answer.", QUESTION):
        assert read not in before
        assert read in second.said[1].text
    assert "weather__now" not in {offer.name for offer in second.tools}
    assert weather.asked == [{"place": "garden"}]
    assert [claim.support for claim in draft.claims] == ["supported", "supported"]
    assert draft.further[0].passage.source == "weather__now"
    assert "One moment." not in "".join(piece.text for piece in pieces)


async def test_without_any_source_nothing_is_answered() -> None:
    """A tool was there and was not called: the model is not asked to invent."""
    answers, model = answerer("NONE", Given(Weather()))
    _, draft = await run(answers, question())
    assert len(model.prompts) == 1
    assert (draft.claims, draft.usage[0].calls) == ((), 1)


async def test_what_a_tool_gives_may_be_the_only_source() -> None:
    answers, _ = answerer(
        lambda prompt: calls(("weather__now", {})) if len(prompt.tools) == 1 and "weather" in prompt.tools[0].name
        else "It is raining in the garden [1].",
        Given(Weather()),
    )  # fmt: skip
    _, draft = await run(answers, question())
    assert draft.claims[0].passage == draft.further[0].passage.id


async def test_only_so_many_calls_go_outside() -> None:
    weather = Weather()
    answers, _ = answerer(lambda prompt: calls(*[("weather__now", {"n": n}) for n in range(9)]), Given(weather))
    await run(answers, question())
    assert len(weather.asked) == 3
