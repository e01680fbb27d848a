"""The two ways to ask, and the questions to start with."""

import asyncio

from chainlit import ChatProfile, Starter
from chainlit.user import User

from chat.language import words_of
from chat.starters import STARTERS
from orchestration.messages import Mode

COUNCIL, SINGLE = "Council", "Single agent"
"""Their names for sessions and threads, whatever a page calls them."""


def mode_of(profile: str | None) -> Mode:
    """A session without a profile is a council."""
    return "single" if profile == SINGLE else "council"


def profile_of(mode: Mode) -> str:
    return SINGLE if mode == "single" else COUNCIL


def starters(language: str | None) -> list[Starter]:
    words = words_of(language)
    return [Starter(label=words.starter(s.label), message=s.question, icon=s.icon) for s in STARTERS]


def profiles(language: str | None) -> list[ChatProfile]:
    words = words_of(language)
    return [
        ChatProfile(
            name=COUNCIL,
            display_name=words.council,
            markdown_description=words.council_about,
            icon="/public/icons/profile_council.svg",
            default=True,
            starters=starters(language),
        ),
        ChatProfile(
            name=SINGLE,
            display_name=words.single_agent,
            markdown_description=words.single_agent_about,
            icon="/public/icons/profile_single.svg",
            starters=starters(language),
        ),
    ]


def offer_profiles(user: User | None, language: str | None) -> asyncio.Task[list[ChatProfile]]:
    """The profiles for the page.

    A task, not a coroutine: Chainlit also calls this from inside the loop where it cannot wait, and drops what it
    got. A dropped coroutine is a warning in the log for every page; a dropped task just ends.
    """

    async def offered() -> list[ChatProfile]:
        return profiles(language)

    return asyncio.get_running_loop().create_task(offered())
