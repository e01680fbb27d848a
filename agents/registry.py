"""Which agents there are: an argument to whoever needs it, never a global."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import ModuleType

from agents.agent import Agent
from agents.errors import CatalogError, UnknownAgent


class AgentRegistry(Mapping[str, Agent]):
    """Agents by name, in the order of their precedence."""

    def __init__(self, agents: Iterable[Agent]) -> None:
        self._agents: dict[str, Agent] = {}
        for agent in sorted(agents, key=lambda a: (-a.precedence, a.name)):
            if agent.name in self._agents:
                raise CatalogError(f"Two agents are called '{agent.name}'.")
            self._agents[agent.name] = agent
        if not self._agents:
            raise CatalogError("There is no agent to ask.")

    def __getitem__(self, name: str) -> Agent:
        try:
            return self._agents[name]
        except KeyError:
            raise self._unknown(name) from None

    def __contains__(self, name: object) -> bool:
        return name in self._agents

    def __iter__(self) -> Iterator[str]:
        return iter(self._agents)

    def __len__(self) -> int:
        return len(self._agents)

    def only(self, names: Iterable[str]) -> "AgentRegistry":
        """A registry of just these agents; raises UnknownAgent for any other name."""
        return AgentRegistry([self[name] for name in dict.fromkeys(names)])

    def _unknown(self, name: str) -> UnknownAgent:
        near = next(iter(get_close_matches(name, self._agents, n=1)), "")
        hint = f" Did you mean '{near}'?" if near else ""
        return UnknownAgent(
            f"There is no agent called '{name}'; there are {', '.join(self._agents)}.{hint}", name, near
        )


def load_catalog(package: ModuleType | None = None) -> AgentRegistry:
    """Read every module of the catalog; each one defines AGENT.

    Raises CatalogError, which names the file, for an entry that does not load, is incomplete or is there twice.
    """
    if package is None:
        package = importlib.import_module("agents.catalog")
    agents: dict[str, tuple[Agent, str]] = {}
    for module in pkgutil.iter_modules(package.__path__):
        file = f"{package.__name__.replace('.', '/')}/{module.name}.py"
        agent = _entry(f"{package.__name__}.{module.name}", file)
        if agent.name in agents:
            raise CatalogError(f"{file} and {agents[agent.name][1]} both define the agent '{agent.name}'.")
        agents[agent.name] = (agent, file)
    return AgentRegistry(agent for agent, _ in agents.values())


def _entry(name: str, file: str) -> Agent:
    try:
        agent = getattr(importlib.import_module(name), "AGENT", None)
    except Exception as error:
        # A catalog file is written by whoever runs the product: whatever it raises must name the file.
        reason = str(error).replace("\n", " ") or type(error).__name__
        raise CatalogError(f"The agent in {file} cannot be loaded: {reason}") from error
    if not isinstance(agent, Agent):
        raise CatalogError(f"{file} does not define AGENT = Agent(...).")
    if agent.documents is not None and not agent.documents.is_dir():
        raise CatalogError(f"The agent in {file} names a folder of documents that does not exist.")
    return agent
