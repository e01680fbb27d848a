"""Servers that speak OpenAI's protocol: vLLM, llama.cpp, LM Studio, `transformers serve` and others."""

from typing import Any

from langchain_core.output_parsers import PydanticOutputParser
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables import Runnable
from langchain_openai.chat_models.base import BaseChatOpenAI


class CompatibleChatModel(BaseChatOpenAI):
    """Keeps what such servers stream as `reasoning_content` or `reasoning`, which OpenAI itself does not have."""

    def with_structured_output(self, schema: Any = None, **options: Any) -> Runnable[Any, Any]:
        """By `response_format`, which more of them have than calls of tools.

        It is put into the body as it is: what OpenAI's library does with it is meant for OpenAI's own replies.
        """
        told = {"name": schema.__name__, "schema": schema.model_json_schema()}
        held = self.bind(extra_body={"response_format": {"type": "json_schema", "json_schema": told}})
        return held | PydanticOutputParser(pydantic_object=schema)

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
