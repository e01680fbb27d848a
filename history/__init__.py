"""What was asked and answered, kept on the disk until somebody deletes it: conversations, runs, feedback, search."""

from history.conversation_log import ConversationLog
from history.errors import HistoryError, HistoryFull, HistoryUnavailable, UnknownConversation, UnusableHistory
from history.history import History, is_there, open_history
from history.keeper import Keeper
from history.records import Conversation, Feedback, HandedIn, Page, Refusal

__all__ = [
    "Conversation",
    "ConversationLog",
    "Feedback",
    "HandedIn",
    "History",
    "HistoryError",
    "HistoryFull",
    "HistoryUnavailable",
    "Keeper",
    "Page",
    "Refusal",
    "UnknownConversation",
    "UnusableHistory",
    "is_there",
    "open_history",
]
