"""The two ways to ask, and the questions to start with."""

import asyncio

from chainlit import ChatProfile, Starter
from chainlit.user import User

from chat.starters import STARTERS
from orchestration.messages import Mode

COUNCIL, SINGLE = "Council", "Single agent"


def mode_of(profile: str | None) -> Mode:
    """A session without a profile is a council."""
    return "single" if profile == SINGLE else "council"


def profile_of(mode: Mode) -> str:
    return SINGLE if mode == "single" else COUNCIL


def starters() -> list[Starter]:
    return [Starter(label=s.label, message=s.question, icon=s.icon) for s in STARTERS]


def profiles() -> list[ChatProfile]:
    return [
        ChatProfile(
            name=COUNCIL,
            markdown_description="Several specialists answer together, and you see who said what.",
            icon="/public/icons/profile_council.svg",
            default=True,
            starters=starters(),
        ),
        ChatProfile(
            name=SINGLE,
            markdown_description="One agent answers from all the documents at once.",
            icon="/public/icons/profile_single.svg",
            starters=starters(),
        ),
    ]


def offer_profiles(user: User | None, language: str | None) -> asyncio.Task[list[ChatProfile]]:
    """The profiles for the page.

    A task, not a coroutine: Chainlit also calls this from inside the loop where it cannot wait, and drops what it
    got. A dropped coroutine is a warning in the log for every page; a dropped task just ends.
    """

    async def offered() -> list[ChatProfile]:
        return profiles()

    return asyncio.get_running_loop().create_task(offered())
