"""Passwords and the attempts at them."""

from typing import Literal

import pytest
from argon2 import PasswordHasher

from people import InvalidPassword, TooManyAttempts
from people.attempts import FREE_OF_A_NAME, FREE_OF_AN_ADDRESS, LONGEST_WAIT_SECONDS, Attempts
from people.passwords import Passwords
from tests.people.cheap import PASSWORD, cheap_passwords


def test_what_is_kept_is_argon2id() -> None:
    """With the library's own parameters, which follow the RFC; twice the same password is not seen."""
    hash = Passwords().hash(PASSWORD)
    assert hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert cheap_passwords().hash(PASSWORD) != cheap_passwords().hash(PASSWORD)


def test_it_fits_or_not() -> None:
    """Composed by whatever keyboard."""
    passwords = cheap_passwords()
    hash = passwords.hash("zoe\u0308 and the sea")
    assert passwords.fits(hash, "zoë and the sea")
    assert not passwords.fits(hash, "zoe and the sea")
    assert not passwords.fits("no hash", "zoë and the sea")


class Counting(PasswordHasher):
    """Keeps the parameters of each hash that it checks."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.checked: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.checked.append(str(hash).rsplit("$", 2)[0])
        return super().verify(hash, password)


def test_a_name_that_nobody_has_costs_the_same() -> None:
    """A hash is checked in any case, with the same parameters, and never fits."""
    hasher = Counting()
    passwords = Passwords(hasher)
    passwords.fits(passwords.hash(PASSWORD), "wrong, and long")
    assert not passwords.fits(None, "wrong, and long")
    assert hasher.checked == ["$argon2id$v=19$m=8,t=1,p=1"] * 2


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1_001])
def test_a_password_has_a_length(password: str) -> None:
    """Not too few characters, and not a book."""
    with pytest.raises(InvalidPassword, match="A password has at"):
        cheap_passwords().hash(password)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def fail(attempts: Attempts, name: str = "ben", address: str = "192.0.2.1") -> float:
    """One wrong password; the wait, if it was not even looked at."""
    try:
        attempts.begin(name, address)
    except TooManyAttempts as refused:
        return refused.seconds
    return 0.0


def test_waits_double() -> None:
    """Up to a quarter of an hour; a wait that is over allows one more attempt."""
    clock = Clock()
    attempts = Attempts(clock)
    assert [fail(attempts) for _ in range(FREE_OF_A_NAME)] == [0.0] * FREE_OF_A_NAME
    waits = []
    for _ in range(7):
        waits.append(wait := fail(attempts))
        clock.now += wait
        assert fail(attempts) == 0.0
    assert waits == [30, 60, 120, 240, 480, LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS]


def test_the_right_password_starts_anew() -> None:
    """For that name at that address; the address has still what others failed there."""
    attempts = Attempts(Clock())
    for number in range(FREE_OF_AN_ADDRESS - 1):
        assert fail(attempts, f"person{number}") == 0.0
    attempts.begin("ben", "192.0.2.1")
    attempts.succeeded("ben", "192.0.2.1")
    assert fail(attempts, "another") == 0.0
    assert fail(attempts, "one more") > 0.0
    assert fail(attempts, "one more", "192.0.2.2") == 0.0


def test_many_names_from_a_proxy_are_many_people() -> None:
    """Only each name counts there."""
    attempts = Attempts(Clock())
    for number in range(FREE_OF_AN_ADDRESS * 2):
        attempts.begin(f"person{number}", "10.0.0.2", shared=True)


def test_a_whole_network_of_ipv6_is_one_machine() -> None:
    """It may take another address for each attempt."""
    attempts = Attempts(Clock())
    waits = [fail(attempts, address=f"2001:db8::{number:x}") for number in range(1, FREE_OF_A_NAME + 2)]
    assert waits[-1] > 0
    assert fail(attempts, address="2001:db8:0:1::1") == 0.0


def test_memory_is_bounded_and_forgets() -> None:
    """However many names are tried; and after an hour it is as if nothing had been."""
    clock = Clock()
    attempts = Attempts(clock, most=100)
    for number in range(1_000):
        fail(attempts, "ben", f"192.0.{number // 250}.{number % 250}")
    assert attempts.remembered == 100
    for _ in range(FREE_OF_A_NAME):
        fail(attempts)
    assert fail(attempts) > 0
    clock.now += 3_601
    assert [fail(attempts) for _ in range(FREE_OF_A_NAME)] == [0.0] * FREE_OF_A_NAME
