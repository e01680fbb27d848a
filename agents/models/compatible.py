"""Servers that speak OpenAI's protocol: vLLM, llama.cpp, LM Studio, `transformers serve` and others."""

from typing import Any

from langchain_core.outputs import ChatGenerationChunk
from langchain_openai.chat_models.base import BaseChatOpenAI


class CompatibleChatModel(BaseChatOpenAI):
    """Keeps what such servers stream as `reasoning_content` or `reasoning`, which OpenAI itself does not have."""

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
    ) -> ChatGenerationChunk | None:
        made = super()._convert_chunk_to_generation_chunk(chunk, default_chunk_class, base_generation_info)
        choices = chunk.get("choices") or []
        delta = (choices[0].get("delta") or {}) if choices else {}
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if made is not None and isinstance(thought, str):
            made.message.additional_kwargs["reasoning_content"] = thought
        return made
