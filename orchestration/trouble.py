"""What Redis refused, or did not answer, as an error with one sentence for a person."""

import re

from redis.exceptions import AuthenticationError, InvalidResponse, NoPermissionError, ResponseError

from orchestration.clients import UNTRUSTED
from orchestration.doorstep import SPEAKS_NO_TLS
from orchestration.errors import ConfigurationError, EngineUnavailable, RoundtableError
from orchestration.round_trips import UNREACHABLE, NotDurable, WritesRefused

AWAY = "Redis does not answer; nothing is lost, please try again in a moment."
NO_WRITES = (
    "Redis takes no writes: its memory or disk is full, or replicas that have to have them are gone; nothing is lost, "
    "please try again when that is mended."
)

_SCRIPT_MAY_NOT = re.compile(r"can't (?:run this command|access at least one of the keys)|ACL failure", re.IGNORECASE)
"""How servers before 7 and since tell that a script did what its user may not."""

_NOBODY = "HELLO must be called with the client already authenticated"
"""Says a server that wants a password and got none, and more of what redis-py might do then."""
_UNVERIFIED = re.compile(r"certificate verify failed: (.*?)\.?(?: \(_ssl\.c:\d+\))?$")
"""What it does not like about a certificate, in Python's words."""
_WHERE = re.compile(
    r"^Error running script .*@user_script: ?\d+: |^ACL failure in script: | script: \w*, on @user_script:\d+\.?$"
)
"""What servers before 7, and since, say about the script around what went wrong in it."""


def lacks_a_right(error: BaseException) -> bool:
    """Whether the user of this process may not do in Redis what it tried: trying again will not help."""
    return isinstance(error, NoPermissionError) or _SCRIPT_MAY_NOT.search(str(error)) is not None


def of_another_kind(error: ResponseError) -> bool:
    """Whether what stands under a key is not what belongs there: somebody put something else in its place."""
    return str(error).startswith("WRONGTYPE")


def told(error: BaseException) -> RoundtableError:
    """For whatever goes wrong with a server that was found to be usable."""
    said = _said(error)
    if lacks_a_right(error):
        return ConfigurationError(
            f"The user in REDIS_URL lacks a right on Redis that this needs ('roundtable acl' prints them): {said}."
        )
    if isinstance(error, NotDurable):
        return EngineUnavailable(
            f"Redis does not keep what is written as ROUNDTABLE_REDIS_REPLICAS and ROUNDTABLE_REDIS_FSYNC ask: {said};"
            " nothing is lost, please try again when that is mended."
        )
    if isinstance(error, WritesRefused):
        return EngineUnavailable(NO_WRITES)
    return EngineUnavailable(f"Redis {'does not answer' if isinstance(error, UNREACHABLE) else 'refuses'}: {said}.")


def told_at_first(error: BaseException) -> RoundtableError:
    """For what goes wrong with the first words: the address may lead to something else, or not say how to be let in."""
    said = _said(error)
    said, nobody, _ = said.partition(_NOBODY)
    if nobody:
        said += "there is none in it"
    if isinstance(error, AuthenticationError):
        return ConfigurationError(f"Redis refused the user name or password in REDIS_URL: {said}.")
    if UNTRUSTED in said and "mismatch" in said:
        return ConfigurationError(
            "The certificate of Redis is not one for the host that REDIS_URL names, or its Sentinels or cluster do."
        )
    if UNTRUSTED in said and ("has expired" in said or "not yet valid" in said):
        return ConfigurationError("The certificate of Redis is out of date, or this machine's clock is wrong.")
    if UNTRUSTED in said:
        why = _UNVERIFIED.search(said)
        return ConfigurationError(
            "The certificate of Redis is not trusted: the option ssl_ca_certs of REDIS_URL has to name the file of"
            f" whoever signed it ({why[1] if why else said})."
        )
    if "SSL" in said and ("WRONG_VERSION_NUMBER" in said or "RECORD_LAYER_FAILURE" in said):
        return ConfigurationError(SPEAKS_NO_TLS)
    if isinstance(error, InvalidResponse):
        return ConfigurationError("Who answers where REDIS_URL leads is no Redis.")
    if isinstance(error, TypeError):
        # The options of an address are the arguments of a connection, and nobody looks at them before there is one.
        return ConfigurationError(f"REDIS_URL is not usable: it has an option that is not known ({said}).")
    if "unknown command" in said and "SENTINEL" in said:
        return ConfigurationError(
            "Where REDIS_URL has to name Sentinels is none; for a server it begins with redis://."
        )
    if "cluster support disabled" in said or ("unknown command" in said and "CLUSTER" in said):
        return ConfigurationError("This Redis is no cluster; REDIS_URL has to begin with redis:// or rediss://.")
    if "unknown command" in said and "HELLO" in said:
        return ConfigurationError("This Redis is older than 6.0; Roundtable needs 6.2 or newer.")
    if lacks_a_right(error) or isinstance(error, UNREACHABLE):
        return told(error)
    return ConfigurationError(f"Redis refused to be used: {said}.")


def _said(error: BaseException) -> str:
    """In the server's words, without where in which script that was."""
    return _WHERE.sub("", str(error)).rstrip(".") or "there was no reply in time"
