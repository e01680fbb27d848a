"""Anthropic's models, each with connections of its own: langchain's are shared by all models of the process."""

from functools import cached_property

from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient
from langchain_anthropic import ChatAnthropic


class UnsharedAnthropic(ChatAnthropic):
    """May be closed without closing anybody else's."""

    @cached_property
    def _async_client(self) -> AsyncAnthropic:
        connections = DefaultAsyncHttpxClient(proxy=self.anthropic_proxy or None)
        return AsyncAnthropic(**self._client_params, http_client=connections)
