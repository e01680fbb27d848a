"""A shelf that is no copy of the record yet brings in what people put onto it.

It was filled before there was a record, or its record is gone: Redis was emptied, or another one took its place. Then
each machine brings what it has, and nothing is lost. What somebody had taken out does not come back with a machine
that did not hear of it: a shelf says up to which generation of the old record its documents were brought.
"""

import logging

from knowledge.errors import RecordUnavailable, StorageDamaged
from knowledge.manifest import Entry, Manifest
from knowledge.record import Listing, Record
from knowledge.shelf import Shelf
from knowledge.threads import Threads

log = logging.getLogger(__name__)


async def join(shelf: Shelf, manifest: Manifest, listing: Listing, record: Record, threads: Threads) -> Listing:
    """Bring in what is missing in `listing`; what it says then. May be repeated. Raises RecordUnavailable.

    Of two documents of one name the newer one stays.
    """
    before = manifest.record if manifest.record != listing.record else ""
    inherited = await record.inherited(shelf.name, before) if before else -1
    brought = min([manifest.recorded, *(entry.recorded - 1 for entry in manifest.missing)])
    for entry in manifest.documents:
        if entry.seed or (entry.upload and not before):
            continue
        if entry.upload and entry.recorded <= inherited:
            continue  # others brought it; if it is gone now, somebody took it out
        there = listing.named(entry.source)
        if there is not None and (there.id == entry.id or there.added >= entry.added):
            if there.id != entry.id and not entry.upload:
                await threads.run(shelf.drop, [entry.id])
            continue
        try:
            files = await threads.run(shelf.files, entry)
            new = entry.model_copy(update={"origin": before if entry.upload else ""})
            if await record.put(shelf.name, new, files, instead=there.upload if there else "") is None:
                raise RecordUnavailable("Another machine brought a document of the same name at the same moment.")
        except StorageDamaged:
            log.warning("the document %s of %s is damaged and stays out of the record", entry.id, shelf.name.base)
            brought = min(brought, entry.recorded - 1)
    if before:
        if manifest.recorded > inherited:
            await _take_out_again(shelf, manifest, listing, record)
        await record.inherit(shelf.name, before, brought)
    if (not before or manifest.recorded > inherited) and (
        unwanted := manifest.unwanted - listing.unwanted - {entry.source for entry in listing.documents}
    ):
        await record.unwant(shelf.name, unwanted)
    return await record.listing(shelf.name)


async def _take_out_again(shelf: Shelf, manifest: Manifest, listing: Listing, record: Record) -> None:
    """A machine that was behind this one in the old record brought what was taken out of it by then."""

    def known(entry: Entry) -> bool:
        return any(own.id == entry.id for own in (*manifest.documents, *manifest.missing))

    for entry in listing.documents:
        if entry.origin == manifest.record and not known(entry):
            await record.remove(shelf.name, entry)
