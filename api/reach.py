"""Who can reach the server, and whether that is all right."""

from api.door import named
from orchestration import Settings
from orchestration.errors import ConfigurationError
from people import Accounts, People
from people.accounts import FILE


def people_of(settings: Settings) -> People:
    """The people of a server with these settings."""
    web = settings.web
    return People(
        Accounts(settings.data / FILE),
        by_proxy=bool(web.proxy_header),
        proxies=web.trusted_proxies,
        alone=not web.beyond_loopback,
    )


def check_reach(settings: Settings, people: People) -> None:
    """Raises ConfigurationError where others than this machine could come in without saying who they are, and
    AccountsUnusable.
    """
    if not settings.web.beyond_loopback or people.login == "proxy":
        return
    if not any(account.password for account in people.accounts.all().values()):
        raise ConfigurationError(
            f"Others could reach {settings.web.listen} and nobody has a password: make an account with 'roundtable"
            " users add NAME', or let a proxy sign people in (ROUNDTABLE_PROXY_HEADER), before ROUNDTABLE_LISTEN."
        )


def hosts_of(settings: Settings) -> tuple[str, ...]:
    """The names under which the chat answers, beside those of loopback."""
    web = settings.web
    return (*web.hosts, *(named(web.listen) if web.listen is not None else ()))


def where(settings: Settings, people: People) -> str:
    """Where the chat is, and for whom, as a person is told at the start."""
    web = settings.web
    name = next(iter((*web.hosts, *hosts_of(settings))), "localhost") if web.beyond_loopback else "localhost"
    address = f"http://{name if ':' in name.rpartition(']')[2] else f'{name}:{web.port}'}"
    match people.login:
        case "none":
            if web.hosts:
                return f"{address}, without a login, for this machine and whoever comes by {web.hosts[0]}"
            return f"{address}, without a login and for this machine only"
        case "password":
            return f"{address}, for people with an account"
        case "proxy":
            return f"{address}, for people whom your proxy names"
