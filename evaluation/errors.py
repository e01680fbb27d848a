"""What can go wrong while measuring.

EvaluationError
└── WrongData    the folder of questions is not there, or holds something else
"""


class EvaluationError(Exception):
    """The root; its text is one sentence for a person."""


class WrongData(EvaluationError):
    """The data cannot be used; the message names the file."""
