"""What is said aloud to whoever cannot see the page: one sentence when something is over, not each word as it comes."""

from chat.changes import Emission


def announcement(sentence: str) -> Emission:
    """For the live region of the page (public/page/announcer.js)."""
    return Emission("window_message", {"roundtable": "announce", "sentence": sentence})
