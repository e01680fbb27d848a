"""What a person may choose about the knowledge."""

from pydantic import BaseModel, Field


class KnowledgeSettings(BaseModel, frozen=True):
    chunk_words: int = Field(default=180, ge=20, le=220)
    """The longest passage, in words. The model reads 256 word pieces, about 190 words of English."""

    passages: int = Field(default=6, ge=1, le=50)
    """How many passages a search gives where the caller names no limit."""

    max_file_megabytes: int = Field(default=50, ge=1)
    """A larger file is refused with a reason instead of being read into memory."""
