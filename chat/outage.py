"""What a run that stands still says while Redis does not answer: a sentence, and after a while a way to go on."""

from typing import Literal

from chat.picture import AUTHOR
from chat.story import Story
from chat.wire import Element, Picture, Step, stable_id
from chat.words import Words

OFFER_SECONDS = 5.0
"""From the sentence to the offer."""
ANSWER_ALONE = "answer_alone"
"""The action behind the offer."""

Stage = Literal["", "kept", "offered"]


def draw_outage(story: Story, stage: Stage, words: Words) -> Picture:
    """Stands at the end of a council that has not ended; the single agent needs no Redis."""
    if not stage or story.task is None or story.task.mode == "single" or story.result is not None:
        return Picture()
    step = Step(
        id=stable_id(story.run, "outage"),
        thread=story.task.conversation,
        parent=stable_id(story.run, "run"),
        type="assistant_message",
        name=AUTHOR,
        output=words.redis_away,
        began=story.accepted,
        ended=story.accepted,
    )
    if stage == "kept":
        return Picture((step,))
    offer = Element(
        id=stable_id(story.run, "outage", "offer"),
        thread=step.thread,
        step=step.id,
        name="Offer",
        props={
            "label": words.answer_alone,
            "action": ANSWER_ALONE,
            "payload": {"run": story.run},
            "refused": words.answer_alone_failed,
        },
    )
    return Picture((step,), (offer,))
