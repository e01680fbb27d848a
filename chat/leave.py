"""What somebody may do with the team's documents; what is only theirs they may do anything with."""

from chat.errors import NotAllowed
from chat.host import Host

FOR_CURATORS = "The team's documents are for curators to change; your own you can keep, change and remove."


def may_change_the_teams(host: Host, person: str) -> bool:
    return host.people.may(person, "change the team's documents")


def require_leave(host: Host, person: str, *, private: bool) -> None:
    """Raises NotAllowed for a change of what is not theirs alone."""
    if not private and not may_change_the_teams(host, person):
        raise NotAllowed(FOR_CURATORS)


async def require_leave_for(host: Host, person: str, agent: str, document: str) -> None:
    """The same for a document that is there; of one that is not, whoever looks for it will say so."""
    documents = await host.knowledge.threads.run(host.knowledge.documents, agent, person)
    known = next((d for d in documents if d.id == document), None)
    if known is not None:
        require_leave(host, person, private=bool(known.person))
