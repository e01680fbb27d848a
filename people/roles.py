"""What each role may do; the only place that knows it."""

from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["member", "curator", "operator"]
Deed = Literal["change the team's documents", "watch the server"]
"""What not everybody may do. To ask and to keep documents for oneself needs no leave beyond being let in."""

ROLES: tuple[Role, ...] = get_args(Role)
MAY: Mapping[Role, frozenset[Deed]] = {
    "member": frozenset(),
    "curator": frozenset({"change the team's documents"}),
    "operator": frozenset({"change the team's documents", "watch the server"}),
}
