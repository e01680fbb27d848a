"""What a person may choose about the knowledge."""

from pydantic import BaseModel, Field


class KnowledgeSettings(BaseModel, frozen=True):
    chunk_words: int = Field(default=180, ge=20, le=220)
    """The longest passage, in words. The model reads 256 word pieces, about 190 words of English."""

    passages: int = Field(default=6, ge=1, le=50)
    """How many passages a search gives where the caller names no limit."""

    max_file_megabytes: int = Field(default=100, ge=1, le=2_000)
    """A larger file is refused with a reason instead of being read into memory."""

    max_pages: int = Field(default=2_000, ge=1)
    """A file with more pages, slides or sheets is refused with a reason."""

    reading_seconds: float = Field(default=180.0, gt=0, le=3_600)
    """Reading one file is stopped after this long, by the clock; its processor time has the same limit."""

    reading_megabytes: int = Field(default=2_000, ge=256)
    """Memory that a process which reads files may take, its program included."""
