"""A model behind OpenAI's protocol that says numbered words at a pace, each with the moment at which it was sent.

    python -m benchmarks.model_server WORDS WORDS_A_SECOND FIRST_SECONDS LAST

The first line on stdout is its address. FIRST_SECONDS is how long it is silent before the first word, which varies by
half of it in both directions; LAST is said at the end, a sentence with its source.
"""

import random
import re
import sys
import time
from collections.abc import Iterator

from tests.openai_server import Asked, OpenAIServer, Piece

_UNITS = 100_000
"""Of a second."""
_WRAP = 10**9
_WORD = re.compile(r"\b(\d+)-(\d+)\b")


def word(number: int, at: float) -> str:
    """`17-123456 `: its number, and when it was sent."""
    return f"{number}-{int(_UNITS * at) % _WRAP} "


def delays(text: str, now: float) -> Iterator[float]:
    """How long ago, in seconds, each word of a text was sent."""
    for found in _WORD.finditer(text):
        yield (_UNITS * now - int(found[2])) % _WRAP / _UNITS


def main() -> None:
    words, pace, silent, last = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    chance = random.Random(7)

    def talk(asked: Asked) -> Iterator[Piece]:
        time.sleep(silent * chance.uniform(0.5, 1.5))
        begun = time.time()
        for number in range(words):
            time.sleep(max(0.0, begun + number / pace - time.time()))
            yield word(number, time.time())
        yield last

    server = OpenAIServer(talk)
    print(server.base_url, flush=True)
    server.run()


if __name__ == "__main__":
    main()
