"""How a run ends, in words: the text of its last message."""

from chat.plain import harmless, in_words, plain
from chat.story import Story
from chat.words import Words


def answer_text(story: Story, words: Words) -> str:
    """Markdown for the end of a run; the story must have its result."""
    result = story.result
    assert result is not None, "only an ended run has a last message"
    if result.state == "cancelled":
        return words.stopped(sum(1 for step in story.steps if step.state == "answered"))
    told = words.nothing_found(result.answer) if result.state == "nothing_found" else result.answer
    text = in_words(harmless(told).strip(), words)
    if result.state in ("failed", "expired") or not text:
        reason = words.without_answer(result.state, plain(words.reason(result.reason)))
        text = f"{reason}\n\n{text}".strip()
    return text
