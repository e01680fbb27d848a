"""A delivery drawn for the page: the message that brought the files, and a card that tells what becomes of them.

As with a run, it is drawn whole every time and its ids depend on nothing but the delivery.
"""

from collections.abc import Sequence

from chat.delivery import Delivery
from chat.item import KEPT, SETTLED, Item, best_places
from chat.picture import AUTHOR, Titles
from chat.plain import plain
from chat.props import title_of
from chat.wire import Element, Json, Picture, Step, stable_id
from chat.words import Words
from orchestration.placing import NEAR

_BEHIND = {"read": 2, "embedding": 2, "indexing": 3, "added": 4, "replaced": 4}
"""How many of the stages are behind a file."""


def draw_delivery(delivery: Delivery, titles: Titles, words: Words) -> Picture:
    """Everything the page shows of these files."""
    return Picture(tuple(_steps(delivery, titles, words)), tuple(_elements(delivery, titles, words)))


def card_id(delivery: Delivery) -> str:
    return stable_id(delivery.id, "card")


def _steps(delivery: Delivery, titles: Titles, words: Words) -> list[Step]:
    order, began, ended = delivery.order, delivery.began, delivery.ended
    run = stable_id(delivery.id, "run")
    card = Step(
        id=card_id(delivery),
        thread=order.thread,
        parent=run if order.message else None,
        type="assistant_message",
        name=AUTHOR,
        output=headline(delivery, titles, words),
        began=began,
        ended=ended,
        failed=delivery.trouble is not None,
    )
    if not order.message:
        return [card]
    asked = Step(
        id=order.message,
        thread=order.thread,
        parent=None,
        type="user_message",
        name=order.person,
        output=order.text or words.listed([item.name for item in delivery.items]),
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


def _elements(delivery: Delivery, titles: Titles, words: Words) -> list[Element]:
    order = delivery.order
    elements = [
        Element(
            id=stable_id(delivery.id, "files"),
            thread=order.thread,
            step=card_id(delivery),
            name="Delivery",
            props=delivery_props(delivery, titles, words),
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


def headline(delivery: Delivery, titles: Titles, words: Words) -> str:
    """What is going on, or what came of it, in a sentence or two of Markdown."""
    items = delivery.items
    if delivery.stage == "reading":
        return words.reading_files(_named(items, words))
    if delivery.stage == "asking":
        unknown = delivery.order.unknown
        told = [words.nobody_called(plain(unknown))] if unknown else []
        told += [words.strange] if best_places(items)[0].score < NEAR else []
        told.append(words.who_keeps(len(items)))
        told += [] if delivery.order.for_all else [words.only_you_will(len(items))]
        return " ".join(told)
    if delivery.stage == "keeping":
        return words.learning(_named([item for item in items if item.state != "rejected"], words))
    return " ".join(_outcome(delivery, titles, words))


def _outcome(delivery: Delivery, titles: Titles, words: Words) -> list[str]:
    kept = [item for item in delivery.items if item.state in KEPT]
    there = [item for item in delivery.items if item.state == "unchanged"]
    rejected = [item for item in delivery.items if item.state == "rejected"]
    told = []
    if kept:
        who = list(dict.fromkeys(plain(title_of(item.agent, titles)) for item in kept))
        pages, passages = sum(item.pages or 0 for item in kept), sum(item.passages for item in kept)
        seconds = sum(item.seconds for item in kept)
        told.append(words.learned(who, _named(kept, words), pages, passages, seconds))
        told.append(words.only_you(len(kept)) if delivery.choice and delivery.choice.private else "")
        told.append(words.narrowed if delivery.order.narrowed else "")
    if there:
        told.append(words.there_already(_named(there, words), len(there)))
    if rejected:
        told.append(words.not_taken_in(_named(rejected, words), len(rejected)))
    told.append(plain(words.trouble(delivery.trouble)) if delivery.trouble is not None else "")
    match delivery.ending:
        case "stopped":
            told.append(words.delivery_stopped(bool(kept)))
        case "declined":
            told.append(words.declined)
        case "nobody chose":
            told.append(words.nobody_chose)
    return [sentence for sentence in told if sentence]


def _named(items: Sequence[Item], words: Words) -> str:
    """One file by its name, several by their number."""
    return words.named(plain(items[0].name) if items else "", len(items))


def delivery_props(delivery: Delivery, titles: Titles, words: Words) -> dict[str, Json]:
    """The properties of public/elements/Delivery.jsx."""
    files: list[Json] = [_file(item, titles, words) for item in delivery.items]
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


def _file(item: Item, titles: Titles, words: Words) -> dict[str, Json]:
    stages: list[Json] = list(words.stages)
    working = item.state in ("reading", "embedding", "indexing")
    return {
        "name": item.name,
        "state": item.state,
        "stages": stages if item.state not in ("unchanged", "rejected", "waiting") else [],
        "behind": _BEHIND.get(item.state, 2 if item.state == "left" and item.passages else 0),
        "share": item.done / item.total if working and item.total else None,
        "note": " · ".join(_note(item, titles, words)),
        "remarks": list(item.remarks) if item.state in SETTLED or item.state == "read" else [],
        "proposed": title_of(item.places[0].agent, titles) if item.state == "read" and item.places else "",
        "agent": item.agent,
        "document": item.document,
    }


def _note(item: Item, titles: Titles, words: Words) -> list[str]:
    match item.state:
        case "waiting":
            return [words.file_waiting]
        case "reading":
            return [words.page_of(item.done, item.total) if item.total else words.file_reading]
        case "embedding":
            return [words.passage_of(item.done, item.total)]
        case "indexing":
            return [words.file_indexing]
        case "rejected":
            return [words.trouble(item.refusal)] if item.refusal is not None else []
        case "left":
            return [words.file_left]
        case "unchanged":
            another = item.known_as if item.known_as != item.name else ""
            return [words.has_it(title_of(item.agent, titles), another)]
    facts = [item.format] if item.format else []
    facts += [words.pages(item.pages)] if item.pages else []
    facts.append(words.passages(item.passages))
    facts += [words.language_name(item.language)] if item.language else []
    if item.state in KEPT:
        facts.append(words.seconds(item.seconds))
    if item.replaces is not None:
        facts.append(words.replaces(item.replaces))
    return facts
