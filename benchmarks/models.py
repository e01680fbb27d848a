"""What passing a language model's words on costs, and how soon its first word is on the page.

    python -m benchmarks.models [--json] [--asks N]

A server of OpenAI's protocol, in a process of its own, says words at a pace; each carries the moment at which it was
sent. Heard in three places: at our adapter (the provider's library included), in the run's stream (worker, Redis and
orchestrator included) and in Chromium, in the frame that shows it. What a word costs is the processor time of our
process for many words less that for few, by the words between: so what is done once an answer does not count.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import cast

from playwright.sync_api import sync_playwright
from pydantic import SecretStr

from agents.models import Delta, Prompt, Said
from agents.models.opening import open_models
from agents.models.settings import ModelSettings
from benchmarks.measure import Spread, spread
from benchmarks.model_server import delays
from benchmarks.page import ARGUMENTS, begin, new_page
from knowledge import HashEmbedder
from orchestration import AgentOrchestrator, Settings, Task, open_runtime
from orchestration.messages import Answer, Token
from tests.orchestration.worlds import registry

MODEL = "openai:talking"
QUESTION = "@garden When do I prune roses?"
LAST = "\n\nPrune roses in March, when the forsythia blooms [1]."
FEW, MANY = 100, 800
PACE = 200.0
"""Words a second: few models are faster."""
SILENT_SECONDS = 0.3
"""Before the first word, about: few models are faster there, too."""
RUNS = 3
FIRST_WORD_WANTED_MS = 50.0
SEEN = """
() => {
  const seen = window.firstWord = { at: 0, word: 0 };
  const look = () => {
    const found = seen.at ? null : document.querySelector('.step')?.parentElement?.innerText.match(/\\b0-(\\d+)\\b/);
    if (found) Object.assign(seen, { at: (performance.timeOrigin + performance.now()) / 1000, word: found[0] });
  };
  let asked = false;
  new MutationObserver(() => {
    if (asked || seen.at) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; look(); });
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}
"""


@dataclass(frozen=True)
class Heard:
    """One answer, as it came to somewhere."""

    cpu: float
    """Processor seconds of this process."""
    late: tuple[float, ...]
    """Seconds from the sending of each word."""


@contextmanager
def talking(words: int) -> Iterator[str]:
    """The address of a server that says so many words."""
    arguments = [str(words), str(PACE), str(SILENT_SECONDS), LAST]
    command = [sys.executable, "-m", "benchmarks.model_server", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def settings(address: str) -> ModelSettings:
    return ModelSettings(model=MODEL, base_url=SecretStr(address))


async def at_the_adapter(address: str) -> list[Heard]:
    """Nothing of ours but what makes a provider's library a LanguageModel."""
    prompt = Prompt((Said("system", "Talk."), Said("person", QUESTION)))
    heard = []
    empty = Path(tempfile.mkdtemp(prefix="rt-none-"))
    async with open_models(settings(address), registry(empty), empty) as models:
        model = models.of()
        assert model is not None
        for _ in range(RUNS + 1):
            begun, late = time.process_time(), list[float]()
            async with aclosing(model.reply(prompt)) as parts:
                async for part in parts:
                    if isinstance(part, Delta):
                        late += delays(part.text, time.time())
            heard.append(Heard(time.process_time() - begun, tuple(late)))
    return heard[1:]  # The first one loads the library.


async def in_the_stream(address: str) -> list[Heard]:
    """The whole way of a council, with an embedded Redis."""
    with tempfile.TemporaryDirectory(prefix="rt-models-") as folder:
        running = open_runtime(
            Settings(data=Path(folder) / "data", models=settings(address)),
            registry=registry(Path(folder)),
            embedder=HashEmbedder(),
        )
        async with running as orchestrator:
            await orchestrator.knowledge.wait_ready()
            return [await _asked(orchestrator) for _ in range(RUNS + 1)][1:]


async def _asked(orchestrator: AgentOrchestrator) -> Heard:
    begun, late = time.process_time(), list[float]()
    async for recorded in orchestrator.stream(Task(question=QUESTION)):
        event = recorded.event
        if isinstance(event, Token) and event.step and event.channel == "answer":
            late += delays(event.text, time.time())
        elif isinstance(event, Answer):
            assert event.result.state == "answered", event.result.reason
            assert not event.result.notes, event.result.notes
    return Heard(time.process_time() - begun, tuple(late))


def on_the_page(chromium: str, address: str, asks: int) -> list[float]:
    """Seconds from the sending of the first word to the frame that shows it, for each ask."""
    environ = {**os.environ, "ROUNDTABLE_MODEL": MODEL, "ROUNDTABLE_MODEL_BASE_URL": address}
    with tempfile.TemporaryDirectory(prefix="rt-models-") as folder:
        command = [sys.executable, "-m", "tests.browser.serving", folder]
        with (
            subprocess.Popen(
                command,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            ) as served,
            sync_playwright() as playwright,
        ):
            try:
                assert served.stdout is not None
                page_address = f"http://localhost:{int(served.stdout.readline())}"
                browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
                page = new_page(browser, page_address)
                times: list[float] = []
                for _ in range(asks + 1):
                    begin(page, page_address)
                    page.evaluate(SEEN)
                    page.click("#chat-input")
                    page.keyboard.insert_text(QUESTION)
                    page.wait_for_selector("#chat-submit:not([disabled])")
                    page.keyboard.press("Enter")
                    page.wait_for_function("window.firstWord.at")
                    seen = cast(dict[str, object], page.evaluate("window.firstWord"))
                    times += delays(str(seen["word"]), float(str(seen["at"])))
                    page.wait_for_selector(".rt-sources")
                browser.close()
                return times[1:]
            finally:
                served.terminate()
                served.wait(timeout=60)


def cost_of_a_word(few: Sequence[Heard], many: Sequence[Heard]) -> float:
    """Processor seconds."""
    return (median(one.cpu for one in many) - median(one.cpu for one in few)) / (MANY - FEW)


def measure(asks: int) -> tuple[dict[str, float], dict[str, Spread]]:
    """Processor microseconds a word, and how late words are."""
    with talking(FEW) as address:
        few = asyncio.run(at_the_adapter(address)), asyncio.run(in_the_stream(address))
    with talking(MANY) as address:
        many = asyncio.run(at_the_adapter(address)), asyncio.run(in_the_stream(address))
    adapter, stream = (1e6 * cost_of_a_word(*pair) for pair in zip(few, many, strict=True))
    cpu = {"adapter with the provider's library": adapter, "whole way to the run's stream": stream}
    late = {
        "a word at the adapter": spread([late for one in many[0] for late in one.late]),
        "the first word in the run's stream": spread([one.late[0] for one in (*few[1], *many[1])]),
        "a word in the run's stream": spread([late for one in many[1] for late in one.late]),
    }
    if chromium := shutil.which("chromium"):
        with talking(FEW) as address:
            late["the first word on the page"] = spread(on_the_page(chromium, address, asks))
    return cpu, late


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--asks", type=int, default=15, help="in the browser, which is left out where there is none")
    given = parser.parse_args()
    cpu, late = measure(given.asks)
    if given.json:
        figures = {
            "cpu_us_a_word": {name: round(value, 1) for name, value in cpu.items()},
            "late_ms": {name: value.as_dict() for name, value in late.items()},
            "first_word_on_the_page_wanted_ms": FIRST_WORD_WANTED_MS,
        }
        print(json.dumps(figures))
        return
    print("Processor microseconds a word")
    for name, value in cpu.items():
        print(f"{name:40}{value:9.0f}")
    print(f"\nMilliseconds from its sending\n{'':40}{'count':>6} {'p50':>9} {'p99':>9} {'max':>9}")
    for name, figure in late.items():
        print(f"{name:40}{figure.row()}")


if __name__ == "__main__":
    main()
