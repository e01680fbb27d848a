"""What can go wrong in the chat itself.

ChatError
├── NotStarted       a page asked before the server had handed the orchestrator over
├── NotAllowed       this person's role does not go so far
├── UnknownCitation  a page asked for a source that this run's answer does not have
├── UnknownDelivery  a page spoke of files that were handed in, but not to this server or not by this person
└── TooManyOpen      somebody hands in files before what they handed in earlier is settled
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
