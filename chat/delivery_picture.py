"""A delivery drawn for the page: the message that brought the files, and a card that tells what becomes of them.

As with a run, it is drawn whole every time and its ids depend on nothing but the delivery.
"""

from chat.delivery import Delivery
from chat.item import KEPT, SETTLED, Item, best_places
from chat.picture import AUTHOR, Titles
from chat.plain import plain
from chat.props import title_of
from chat.wire import Element, Json, Picture, Step, stable_id
from chat.words import counted, day, language_name, listed, seconds
from orchestration.placing import NEAR

_STAGES = ("read", "split", "embedded", "indexed")
_BEHIND = {"read": 2, "embedding": 2, "indexing": 3, "added": 4, "replaced": 4}
"""How many of the stages are behind a file."""


def draw_delivery(delivery: Delivery, titles: Titles) -> Picture:
    """Everything the page shows of these files."""
    return Picture(tuple(_steps(delivery, titles)), tuple(_elements(delivery, titles)))


def card_id(delivery: Delivery) -> str:
    return stable_id(delivery.id, "card")


def _steps(delivery: Delivery, titles: Titles) -> list[Step]:
    order, began, ended = delivery.order, delivery.began, delivery.ended
    run = stable_id(delivery.id, "run")
    card = Step(
        id=card_id(delivery),
        thread=order.thread,
        parent=run if order.message else None,
        type="assistant_message",
        name=AUTHOR,
        output=headline(delivery, titles),
        began=began,
        ended=ended,
        failed=bool(delivery.trouble),
    )
    if not order.message:
        return [card]
    asked = Step(
        id=order.message,
        thread=order.thread,
        parent=None,
        type="user_message",
        name=order.person,
        output=order.text or listed([item.name for item in delivery.items]),
        began=began,
        ended=began,
    )
    # The page draws the children of a run of this name at the root.
    around = Step(
        id=run,
        thread=order.thread,
        parent=order.message,
        type="run",
        name="on_message",
        output="",
        began=began,
        ended=ended,
    )
    return [asked, around, card]


def _elements(delivery: Delivery, titles: Titles) -> list[Element]:
    order = delivery.order
    elements = [
        Element(
            id=stable_id(delivery.id, "files"),
            thread=order.thread,
            step=card_id(delivery),
            name="Delivery",
            props=delivery_props(delivery, titles),
        )
    ]
    if order.message and order.text:
        names: list[Json] = [item.name for item in delivery.items]
        elements.append(
            Element(
                id=stable_id(delivery.id, "attached"),
                thread=order.thread,
                step=order.message,
                name="Attached",
                props={"files": names},
            )
        )
    return elements


def headline(delivery: Delivery, titles: Titles) -> str:
    """What is going on, or what came of it, in a sentence or two of Markdown."""
    items = delivery.items
    those = "this document" if len(items) == 1 else "these documents"
    if delivery.stage == "reading":
        return f"Reading {_named(items)}."
    if delivery.stage == "asking":
        unknown = delivery.order.unknown
        nobody = f"There is no agent called “{plain(unknown)}”. " if unknown else ""
        strange = "No agent knows much like it yet. " if best_places(items)[0].score < NEAR else ""
        private = "" if delivery.order.for_all else f" Only you will see {'it' if len(items) == 1 else 'them'}."
        return f"{nobody}{strange}Who should keep {those}?{private}"
    if delivery.stage == "keeping":
        return f"Learning {_named([item for item in items if item.state != 'rejected'])}."
    return " ".join(_outcome(delivery, titles))


def _outcome(delivery: Delivery, titles: Titles) -> list[str]:
    kept = [item for item in delivery.items if item.state in KEPT]
    there = [item for item in delivery.items if item.state == "unchanged"]
    rejected = [item for item in delivery.items if item.state == "rejected"]
    told = []
    if kept:
        who = listed(list(dict.fromkeys(plain(title_of(item.agent, titles)) for item in kept)))
        pages, passages = sum(item.pages or 0 for item in kept), sum(item.passages for item in kept)
        amount = listed([*([counted(pages, "page")] if pages else []), counted(passages, "passage")])
        private = " Only you see it." if len(kept) == 1 else " Only you see them."
        told.append(f"{who} learned {_named(kept)}: {amount} in {seconds(sum(item.seconds for item in kept))}.")
        told.append(private.strip() if delivery.choice and delivery.choice.private else "")
        told.append("Only curators keep something for everybody." if delivery.order.narrowed else "")
    if there:
        told.append(f"{_named(there)} {'was' if len(there) == 1 else 'were'} there already.")
    if rejected:
        told.append(f"{_named(rejected)} could not be taken in.")
    told.append(plain(delivery.trouble))
    match delivery.ending:
        case "stopped":
            told.append("Stopped; what was in stays in." if kept else "Stopped; nothing was kept.")
        case "declined":
            told.append("Nothing was kept.")
        case "nobody chose":
            told.append("Nothing was kept, because nobody chose an agent.")
    return [sentence for sentence in told if sentence]


def _named(items: "list[Item] | tuple[Item, ...]") -> str:
    """One file by its name, several by their number."""
    return f"“{plain(items[0].name)}”" if len(items) == 1 else counted(len(items), "document")


def delivery_props(delivery: Delivery, titles: Titles) -> dict[str, Json]:
    """The properties of public/elements/Delivery.jsx."""
    files: list[Json] = [_file(item, titles) for item in delivery.items]
    return {
        "delivery": delivery.id,
        "stage": delivery.stage,
        "files": files,
        "choices": _choices(delivery, titles) if delivery.stage == "asking" else [],
        "forAll": delivery.order.for_all,
        "each": _differ(delivery) if delivery.stage == "asking" else False,
        "stoppable": not delivery.over and delivery.stage in ("reading", "keeping"),
    }


def _choices(delivery: Delivery, titles: Titles) -> list[Json]:
    places = best_places(delivery.items)
    return [{"agent": p.agent, "title": title_of(p.agent, titles), "score": round(p.score, 3)} for p in places]


def _differ(delivery: Delivery) -> bool:
    """Whether the files are proposed to different agents."""
    return len({item.places[0].agent for item in delivery.items if item.places}) > 1


def _file(item: Item, titles: Titles) -> dict[str, Json]:
    stages: list[Json] = list(_STAGES)
    working = item.state in ("reading", "embedding", "indexing")
    return {
        "name": item.name,
        "state": item.state,
        "stages": stages if item.state not in ("unchanged", "rejected", "waiting") else [],
        "behind": _BEHIND.get(item.state, 2 if item.state == "left" and item.passages else 0),
        "share": item.done / item.total if working and item.total else None,
        "note": " · ".join(_note(item, titles)),
        "remarks": list(item.remarks) if item.state in SETTLED or item.state == "read" else [],
        "proposed": title_of(item.places[0].agent, titles) if item.state == "read" and item.places else "",
        "agent": item.agent,
        "document": item.document,
    }


def _note(item: Item, titles: Titles) -> list[str]:
    match item.state:
        case "waiting":
            return ["waiting"]
        case "reading":
            return [f"page {item.done} of {item.total}" if item.total else "reading"]
        case "embedding":
            return [f"passage {item.done} of {item.total}"]
        case "indexing":
            return ["indexing"]
        case "rejected":
            return [item.reason]
        case "left":
            return ["not kept"]
        case "unchanged":
            another = f" as “{item.known_as}”" if item.known_as != item.name else ""
            return [f"already there: {title_of(item.agent, titles)} has it{another}"]
    facts = [item.format] if item.format else []
    facts += [counted(item.pages, "page")] if item.pages else []
    facts.append(counted(item.passages, "passage"))
    facts += [language_name(item.language)] if item.language else []
    if item.state in KEPT:
        facts.append(seconds(item.seconds))
    if item.replaces is not None:
        facts.append(f"replaces the version of {day(item.replaces)}")
    return facts
