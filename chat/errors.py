"""What can go wrong in the chat itself.

ChatError
├── NotStarted       a page asked before the server had handed the orchestrator over
├── NotAllowed       this person's role does not go so far
├── UnknownCitation  a page asked for a source that this run's answer does not have
├── UnknownDelivery  a page spoke of files that were handed in, but not to this server or not by this person
├── TooManyOpen      somebody hands in files before what they handed in earlier is settled
├── TooManyFiles     a message brings more files than are taken in at once
├── AskedTwice       an agent is asked again what it is answering already
├── NotAskedAgain    a page wants something asked again that is not there
├── BrokenFile       something that nobody expected went wrong with a file
├── BrokenDelivery   the same with all files of a message
└── BrokenOff        the server stopped before files were settled
"""


class ChatError(Exception):
    """The root; its text is one sentence for a person."""


class NotStarted(ChatError):
    """The orchestrator is not there yet."""


class NotAllowed(ChatError):
    """This person may not do it."""


class UnknownCitation(ChatError):
    """There is no such number in the answer of that run."""


class UnknownDelivery(ChatError):
    """There is no such delivery of this person."""


class TooManyOpen(ChatError):
    """As many deliveries of this person as may be are not over."""


class TooManyFiles(ChatError):
    """One of the files that are more than a message may bring."""

    def __init__(self, most: int) -> None:
        super().__init__(f"Only {most} files are taken in at once; please hand this one in again.")
        self.most = most


class AskedTwice(ChatError):
    """An agent is at it already."""

    def __init__(self, agent: str) -> None:
        super().__init__(f"{agent} is answering this already.")
        self.agent = agent


class NotAskedAgain(ChatError):
    """There is no such part of a question, or no such agent."""

    def __init__(self) -> None:
        super().__init__("This cannot be asked again. Please type the question.")


class BrokenFile(ChatError):
    """The log has the cause."""

    def __init__(self) -> None:
        super().__init__("Something went wrong with this file; the log has the cause.")


class BrokenDelivery(ChatError):
    """The log has the cause."""

    def __init__(self) -> None:
        super().__init__("Something went wrong; the log has the cause.")


class BrokenOff(ChatError):
    """Nobody goes on with these files."""

    def __init__(self) -> None:
        super().__init__("The server stopped meanwhile; `/knowledge` lists what was taken in.")
