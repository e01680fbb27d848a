"""Which language models there are, and which one speaks for whom: an argument to whoever needs it, never a global."""

from collections.abc import Mapping

from agents.errors import UnknownModel
from agents.models.model import LanguageModel
from agents.models.resting import Resting
from agents.models.settings import Price

NO_MODEL = "none"
"""What a person chooses to be answered without any."""


class Models:
    """Language models by name. Without any, everything is answered without one."""

    def __init__(
        self,
        models: Mapping[str, LanguageModel] | None = None,
        *,
        default: str = "",
        agents: Mapping[str, str] | None = None,
        offered: tuple[str, ...] = (),
        chosen: Mapping[str, LanguageModel] | None = None,
        resting: Mapping[str, Resting] | None = None,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        """`default` speaks where nothing else is said, `agents` names the model of an agent, `offered` may be chosen
        by whoever asks, and is then asked as in `chosen`, where that says something else; `resting` is what is known
        of those that may have to be left alone; `prices` are those that the operator configured.
        """
        self._models = dict(models or {})
        self._chosen = self._models | dict(chosen or {})
        self._agents = dict(agents or {})
        self._resting = dict(resting or {})
        self._prices = dict(prices or {})
        self.default = default
        self.offered = offered

    def __bool__(self) -> bool:
        return bool(self._models)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all, each once."""
        return tuple(self._models)

    def rests(self, name: str) -> float:
        """Seconds for which a model is left alone here because it failed again and again; 0 where it may be asked."""
        return self._resting[name].seconds if name in self._resting else 0.0

    def cost(self, name: str, tokens_in: int, tokens_out: int) -> float | None:
        """None where there is no price."""
        return self._prices[name].of(tokens_in, tokens_out) if name in self._prices else None

    def of(self, wished: str = "", agent: str = "") -> LanguageModel | None:
        """The model that a person wished, or else the agent's own, or else the default; None where there is none.

        One that was wished and is not configured in this process raises UnknownModel.
        """
        if wished == NO_MODEL:
            return None
        name = wished or self._agents.get(agent, "") or self.default
        if name and name not in self._models:
            raise UnknownModel(f"There is no language model called '{name}' here.")
        if wished:
            return self._chosen[name]
        return self._models[name] if name else None

    def may_be_chosen(self, name: str) -> bool:
        """Whether a person may wish this one."""
        return name in ("", NO_MODEL, *self.offered)
