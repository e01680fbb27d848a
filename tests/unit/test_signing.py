"""Signatures: what they hold together, how keys are changed, and what a file of keys has to be like."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from orchestration import ConfigurationError
from orchestration.errors import Forged
from orchestration.keys import Keys
from orchestration.signing import CHANGED, UNSIGNED, KeyRing, Signing, read_key_ring
from tests.orchestration.signatures import NEW, OLD, STOLEN, key_file

MESSAGE = b'{"v":"1.4","kind":"step"}'


STREAM = Keys().tasks("garden")


def signing(folder: Path, *lines: str) -> Signing:
    """With the keys of a file of these lines."""
    return Signing(read_key_ring(key_file(folder, *lines)))


def test_what_was_signed_is_taken(tmp_path: Path) -> None:
    """By whoever has the key, in whichever process."""
    signature = signing(tmp_path, OLD).sign_step(STREAM, MESSAGE)
    assert signature.startswith(b"old.")
    signing(tmp_path, OLD).verify_step(STREAM, MESSAGE, signature)


def test_a_signature_is_for_one_message_on_one_stream(tmp_path: Path) -> None:
    """Of one installation, one agent and one priority."""
    signer = signing(tmp_path, OLD)
    signature = signer.sign_step(STREAM, MESSAGE)
    others = [Keys().tasks("kitchen"), Keys("other").tasks("garden"), Keys().tasks("garden", "background")]
    for stream, message in ((STREAM, MESSAGE + b" "), *((other, MESSAGE) for other in others)):
        with pytest.raises(Forged, match=CHANGED):
            signer.verify_step(stream, message, signature)


@pytest.mark.parametrize("signature", [b"old.", b"old.AAAA", b"old.\xff", b"old"])
def test_a_signature_that_somebody_made_up(tmp_path: Path, signature: bytes) -> None:
    """The id of a key is known to everybody who sees a message."""
    with pytest.raises(Forged, match=CHANGED):
        signing(tmp_path, OLD).verify_step(STREAM, MESSAGE, signature)


def test_each_reason_is_said(tmp_path: Path) -> None:
    """Unsigned, a key that is not known here, and another key of the same name; what is odd is not repeated."""
    reader = signing(tmp_path, OLD)
    with pytest.raises(Forged, match=UNSIGNED):
        reader.verify_step(STREAM, MESSAGE, b"")
    with pytest.raises(Forged, match="the key 'new', which is not known here"):
        reader.verify_step(STREAM, MESSAGE, signing(tmp_path, NEW).sign_step(STREAM, MESSAGE))
    with pytest.raises(Forged, match=CHANGED):
        reader.verify_step(STREAM, MESSAGE, signing(tmp_path, STOLEN).sign_step(STREAM, MESSAGE))
    with pytest.raises(Forged, match="by nobody who has a key"):
        reader.verify_step(STREAM, MESSAGE, b"<b>\xff.AAAA")


def test_parts_do_not_run_into_one_another() -> None:
    """Two lists of parts that are the same bytes one after the other have different signatures."""
    ring = KeyRing({"k": b"k" * 32})
    with pytest.raises(Forged):
        ring.verify(ring.sign(b"ab", b"c"), b"a", b"bc")


RESULT = b'{"v":"1.4","step":"s1","text":"In March."}'


def test_a_result_carries_its_signature_in_it(tmp_path: Path) -> None:
    """Whoever reads it as JSON finds one field more; what was signed is what comes out, byte for byte."""
    signer = signing(tmp_path, OLD)
    sealed = signer.seal_result("run", 3, RESULT)
    assert json.loads(sealed) == {**json.loads(RESULT), "signature": json.loads(sealed)["signature"]}
    assert signer.open_result("run", 3, sealed) == RESULT
    assert signing(tmp_path, OLD).seal_result("run", 3, RESULT) == sealed


def test_a_result_is_for_one_run_and_one_claim(tmp_path: Path) -> None:
    """Not for another run, a later claim, with other words, or without its signature."""
    signer = signing(tmp_path, OLD)
    sealed = signer.seal_result("run", 3, RESULT)
    elsewhere = [("nur", 3, sealed), ("run", 4, sealed)]
    changed = [sealed.replace(b"March", b"April"), RESULT, b"", sealed[:-1], sealed + b" "]
    for run, fence, found in [*elsewhere, *(("run", 3, one) for one in changed)]:
        with pytest.raises(Forged):
            signer.open_result(run, fence, found)


def test_a_step_is_no_result(tmp_path: Path) -> None:
    """What somebody signed for one purpose proves nothing for another one."""
    ring = KeyRing({"k": b"k" * 32})
    signer = Signing(ring)
    signature = ring.sign(b"step", b"run", b"3", RESULT)
    sealed = RESULT.replace(b",", b',"signature":"' + signature + b'",', 1)
    with pytest.raises(Forged, match=CHANGED):
        signer.open_result("run", 3, sealed)


def test_what_orchestrators_write_for_one_another_no_worker_can_sign(tmp_path: Path) -> None:
    """Where they have a key that workers do not have. A plan of another run, or a task for a plan, is no better."""
    orchestrator = signing(tmp_path, OLD, f"{NEW} orchestrators")
    worker = signing(tmp_path, OLD)
    sealed = orchestrator.seal("plan", "run", RESULT)
    assert b'"signature":"new.' in sealed
    assert orchestrator.open("plan", "run", sealed) == RESULT
    orchestrator.verify_step(STREAM, MESSAGE, worker.sign_step(STREAM, MESSAGE))
    worker.verify_step(STREAM, MESSAGE, orchestrator.sign_step(STREAM, MESSAGE))
    for found in (worker.seal("plan", "run", RESULT), RESULT, orchestrator.seal("task", "run", RESULT)):
        with pytest.raises(Forged):
            orchestrator.open("plan", "run", found)
    with pytest.raises(Forged):
        orchestrator.open("plan", "nur", sealed)


def test_without_a_key_of_their_own_orchestrators_use_the_common_one(tmp_path: Path) -> None:
    """Then what they write is safe from all but workers."""
    common = signing(tmp_path, OLD)
    assert common.open("task", "run", common.seal("task", "run", RESULT)) == RESULT
    with pytest.raises(Forged, match=UNSIGNED):
        common.open("task", "run", RESULT)


def test_without_keys_a_result_is_as_it_was(tmp_path: Path) -> None:
    """And one that somebody signed is readable all the same."""
    silent = Signing(KeyRing())
    assert silent.seal_result("run", 3, RESULT) == RESULT
    assert silent.open_result("run", 3, signing(tmp_path, OLD).seal_result("run", 3, RESULT)) == RESULT


def test_keys_are_changed_without_a_break(tmp_path: Path) -> None:
    """Add the new one at the end, move it to the front, remove the old one: neighbouring states read each other."""
    states = [(OLD,), (OLD, NEW), (NEW, OLD), (NEW,)]
    machines = [signing(tmp_path, *lines) for lines in states]
    for one, other in pairwise(machines):
        for writer, reader in ((one, other), (other, one)):
            reader.verify_step(STREAM, MESSAGE, writer.sign_step(STREAM, MESSAGE))


def test_without_keys_everything_is_taken_and_nothing_signed() -> None:
    """As on one machine, where nobody else reaches Redis."""
    silent = Signing(read_key_ring(None))
    assert silent.sign_step(STREAM, MESSAGE) == b""
    for signature in (b"", b"old.AAAA"):
        silent.verify_step(STREAM, MESSAGE, signature)


def test_a_key_is_hex_or_base64(tmp_path: Path) -> None:
    """The same key is the same, however it is written; comments and empty lines say nothing."""
    written = ("# since March", "", "k " + "ff" * 32), ("k " + "/" * 42 + "8=",)
    first, second = (signing(tmp_path, *lines).sign_step(STREAM, MESSAGE) for lines in written)
    assert first == second


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "no key in it"),
        (("# nothing",), "no key in it"),
        (("k",), "line 1 is not an id"),
        (("k secret more",), "line 1 is not an id"),
        ((f"{OLD} orchestrators",), "no key in it that workers have as well"),
        ((OLD, f"{STOLEN} orchestrators"), "line 2 has the id of an earlier line"),
        (("k.1 " + "ff" * 32,), "line 1 is not an id"),
        ((OLD, "k geheim"), "the key of line 2 is not 16 bytes or more"),
        (("k " + "ff" * 15,), "the key of line 1 is not 16 bytes or more"),
        ((OLD, STOLEN), "line 2 has the id of an earlier line"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    """It names the line, and repeats no key."""
    with pytest.raises(ConfigurationError, match=said) as refusal:
        read_key_ring(key_file(tmp_path, *lines))
    assert str(refusal.value).startswith("ROUNDTABLE_SIGNING_KEYS is not usable: ")
    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """A key that others know proves nothing."""
    path = key_file(tmp_path, OLD)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="others may read it; give it the mode 0600"):
        read_key_ring(path)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    """The same sentence, with the reason."""
    with pytest.raises(ConfigurationError, match="No such file"):
        read_key_ring(tmp_path / "nowhere")
    path = key_file(tmp_path, OLD)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="it is not text"):
        read_key_ring(path)
