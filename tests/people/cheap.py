"""Passwords that cost a test nothing; what argon2 costs is measured nowhere here."""

from argon2 import PasswordHasher

from people.passwords import Passwords

PASSWORD = "correct horse battery"


def cheap_passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
