"""Which MCP servers there are, and whose: a JSON file of the operator's."""

import json
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, ValidationError, model_validator

from agents.errors import ToolMisconfigured

EVERYBODY = "*"
"""Among the agents of a server: all of them, the single agent as well."""
ServerName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,23}$")]


class ServerSettings(BaseModel):
    """A command that speaks MCP on its standard input and output, or an address that does over HTTP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = ()
    url: HttpUrl | None = None
    agents: tuple[str, ...] = Field(min_length=1)
    """Who may use it."""
    environment: tuple[str, ...] = ()
    """Names of our environment variables that the command gets; it gets no other that may hold a secret."""
    token: str = ""
    """The name of the environment variable with the bearer token for the address."""

    @model_validator(mode="after")
    def _one_way(self) -> "ServerSettings":
        if bool(self.command) == bool(self.url):
            raise ValueError("a server has either a command or a url")
        if (self.environment and not self.command) or (self.token and not self.url):
            raise ValueError("environment goes with a command, token with a url")
        return self


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    servers: Mapping[ServerName, ServerSettings]


def read_servers(path: Path, agents: Container[str]) -> Mapping[str, ServerSettings]:
    """The servers by name. Raises ToolMisconfigured, which names the file and what is wrong in it."""
    file = f"The file of ROUNDTABLE_MCP, {path},"
    try:
        servers = _File.model_validate(json.loads(path.read_text(encoding="utf-8"))).servers
    except OSError as error:
        raise ToolMisconfigured(f"{file} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ToolMisconfigured(f"{file} is not usable: {place}: {first['msg']}.") from None
    except ValueError as error:
        raise ToolMisconfigured(f"{file} is no JSON: {error}.") from None
    for name, server in servers.items():
        for agent in server.agents:
            if agent != EVERYBODY and agent not in agents:
                raise ToolMisconfigured(
                    f"The server {name} of ROUNDTABLE_MCP is for the agent '{agent}', which does not exist."
                )
    return servers
