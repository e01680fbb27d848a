"""What a conversation has beside its runs: questions that were refused, and files that were handed in."""

import sqlite3
import zlib

from history.conversations import touch
from history.records import HandedIn, Refusal
from history.search import forget_words, say
from orchestration.messages import Mode

LONGEST_REFUSED = 8_000
"""Characters of a refused question; it may have been refused for its length."""


def refuse(db: sqlite3.Connection, refusal: Refusal, profile: Mode) -> None:
    """A question that was not taken in, as it was refused last; `profile` is whom its conversation asks."""
    who = (refusal.person, refusal.conversation)
    question = refusal.question[:LONGEST_REFUSED]
    if not touch(db, *who, name=question, mode=profile, at=refusal.at, counts=False):
        return
    db.execute(
        "INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *who, refusal.message, question, refusal.sentence, refusal.again, refusal.mode, refusal.approval,
            refusal.at, refusal.undivided, refusal.model,
        ),
    )  # fmt: skip
    say(db, *who, "question", refusal.message, question)


def ask_again(db: sqlite3.Connection, person: str, conversation: str, message: str) -> None:
    """The question is asked anew, so its refusal is over."""
    mine = (person, conversation, message)
    if db.execute("DELETE FROM refusals WHERE person = ? AND conversation = ? AND message = ?", mine).rowcount:
        forget_words(db, person, conversation, [message])


def refusals(db: sqlite3.Connection, person: str, conversation: str) -> list[Refusal]:
    found = db.execute(
        "SELECT message, question, sentence, again, mode, approval, at, undivided, model FROM refusals"
        " WHERE person = ? AND conversation = ? ORDER BY at",
        (person, conversation),
    )
    return [
        Refusal(person, conversation, one, asked, why, bool(again), mode, bool(approval), at, bool(undivided), model)
        for one, asked, why, again, mode, approval, at, undivided, model in found
    ]


def hand_in(db: sqlite3.Connection, handed_in: HandedIn) -> None:
    """Files, as the page shows them now."""
    who, began = (handed_in.person, handed_in.conversation), handed_in.began
    if touch(db, *who, name=handed_in.name, mode=handed_in.mode, at=began, counts=False):
        values = (handed_in.id, *who, handed_in.name, handed_in.mode, began, zlib.compress(handed_in.picture.encode()))
        db.execute("INSERT OR REPLACE INTO handed_in VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def handed_in(db: sqlite3.Connection, person: str, conversation: str) -> list[HandedIn]:
    found = db.execute(
        "SELECT id, name, mode, began, picture FROM handed_in WHERE person = ? AND conversation = ? ORDER BY began",
        (person, conversation),
    )
    return [
        HandedIn(id, person, conversation, name, mode, began, zlib.decompress(picture).decode())
        for id, name, mode, began, picture in found
    ]
