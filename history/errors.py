"""What can go wrong with what is kept.

HistoryError (a RoundtableError)
├── UnusableHistory      the file is damaged, or a newer program wrote it: starting again will not help
├── HistoryFull          there is no space left; what was kept before stays
├── HistoryUnavailable   the file cannot be read or written at the moment
└── UnknownConversation  no such conversation, or it is another person's (the two look the same on purpose)
"""

from orchestration.errors import ConfigurationError, RoundtableError


class HistoryError(RoundtableError):
    """The root; its text is one sentence for a person."""


class UnusableHistory(HistoryError, ConfigurationError):
    """The file cannot be used as it is, and is left as it is."""


class HistoryFull(HistoryError):
    """There is no space left on the disk."""


class HistoryUnavailable(HistoryError):
    """The file cannot be read or written at the moment."""


class UnknownConversation(HistoryError):
    """There is no such conversation of this person."""
