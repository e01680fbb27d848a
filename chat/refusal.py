"""A question that was not taken in: the sentence under it, with a button where asking again may help."""

from chat.picture import AUTHOR
from chat.still import Still
from chat.wire import Element, Picture, Step, stable_id
from chat.words import Words
from history import Refusal

ASK_AGAIN = "ask_again"
"""The action under the refusal of a question for which there was no place."""


def refused(refusal: Refusal, words: Words) -> Still:
    """As a page shows it on which it was not just asked."""
    return Still(stable_id(refusal.message, "refused"), refusal.at, draw_refusal(refusal, words))


def draw_refusal(refusal: Refusal, words: Words) -> Picture:
    """The question and why it was refused; a page on which it was just asked has the question already."""
    asked = Step(
        id=refusal.message,
        thread=refusal.conversation,
        parent=None,
        type="user_message",
        name=refusal.person,
        output=refusal.question,
        began=refusal.at,
        ended=refusal.at,
    )
    refused = Step(
        id=stable_id(refusal.message, "refused"),
        thread=refusal.conversation,
        parent=None,
        type="assistant_message",
        name=AUTHOR,
        output=refusal.sentence,
        began=refusal.at,
        ended=refusal.at,
        failed=True,
    )
    if not refusal.again:
        return Picture((asked, refused))
    offer = Element(
        id=stable_id(refusal.message, "refused", "element"),
        thread=refusal.conversation,
        step=refused.id,
        name="Offer",
        props={
            "label": words.ask_again,
            "action": ASK_AGAIN,
            "payload": {
                "message": refusal.message,
                "question": refusal.question,
                "mode": refusal.mode,
                "approval": refusal.approval,
                "undivided": refusal.undivided,
                "model": refusal.model,
            },
            "refused": words.ask_again_failed,
        },
    )
    return Picture((asked, refused), (offer,))
