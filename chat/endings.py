"""How a run ends, in words: the text of its last message, and the note on a step that was cut off."""

from chat.plain import harmless, plain
from chat.story import Story
from orchestration.messages import RunState, TaskResult

_WITHOUT_REASON: dict[RunState, str] = {
    "answered": "There is an answer, but it has no text.",
    "nothing_found": "Nothing was found about this in the documents.",
    "failed": "This could not be answered.",
    "expired": "This took longer than it may.",
    "cancelled": "Stopped.",
}


def answer_text(story: Story) -> str:
    """Markdown for the end of a run; the story must have its result."""
    result = story.result
    assert result is not None, "only an ended run has a last message"
    if result.state == "cancelled":
        return _stopped(story)
    text = harmless(result.answer).strip()
    if result.state in ("failed", "expired") or not text:
        reason = plain(result.reason) or _WITHOUT_REASON[result.state]
        text = f"{reason}\n\n{text}".strip()
    return text


def cut_off(result: TaskResult) -> str:
    """What a step says that was still at work when the run ended."""
    return "*Stopped.*" if result.state == "cancelled" else "*Left here: the run had ended.*"


def _stopped(story: Story) -> str:
    answered = sum(1 for step in story.steps if step.state == "answered")
    if not answered:
        return "Stopped. No agent had answered yet."
    if answered == 1:
        return "Stopped. One agent had answered; what it found is in its step above."
    return f"Stopped. {answered} agents had answered; what they found is in their steps above."
