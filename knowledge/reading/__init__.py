"""Files to passages, in a process of their own that may be killed.

`open_reader` gives a `Reader`. What strangers wrote is parsed only there: a file that makes a parser loop, eat all
memory or crash costs that process and one clear sentence, nothing else.
"""

from knowledge.reading.reader import Reader, open_reader
from knowledge.reading.result import Reading, ReadingProgress

__all__ = ["Reader", "Reading", "ReadingProgress", "open_reader"]
