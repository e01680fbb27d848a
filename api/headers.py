"""The security headers of every response."""

from collections.abc import Iterable

Header = tuple[bytes, bytes]

_CONTENT_POLICY = (
    "default-src 'self'",
    # Chainlit compiles its custom elements in the page, which needs eval.
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src 'self' 'unsafe-inline'",
    # No other host: an image in an answer would tell that host what was asked.
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
)

DOCUMENT_POLICY = "default-src 'none'; sandbox"
"""For a file that somebody handed in: whatever is in it, nothing of it runs or loads."""
PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""For a PDF that is shown: browsers do not show one in a sandbox, and their viewers run nothing of it as a page."""

_FIXED: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"microphone=(self), camera=(), geolocation=(), display-capture=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

_OURS = {b"content-security-policy", *(name for name, _ in _FIXED)}


def secured(headers: Iterable[Header], host: str = "") -> list[Header]:
    """A response's headers with ours instead of its own.

    `host` is the Host header after it was checked, or empty for a request that was refused. Headers that would let
    another origin read the response are dropped, whoever set them. A response may name one of the two policies for
    documents, which are stricter.
    """
    headers = list(headers)
    kept = [(name, value) for name, value in headers if not _unwanted(name.lower())]
    own = next((value.decode("latin-1") for name, value in headers if name.lower() == b"content-security-policy"), "")
    if own in (DOCUMENT_POLICY, PDF_POLICY):
        return [*kept, (b"content-security-policy", own.encode("ascii")), *_FIXED]
    kind = next((value for name, value in kept if name.lower() == b"content-type"), b"")
    # The page shows a PDF in a frame of its own; nothing else is ever framed.
    ancestors = "'self'" if kind.startswith(b"application/pdf") else "'none'"
    # Not every browser takes 'self' to include the same host's WebSocket.
    sockets = f" ws://{host} wss://{host}" if host else ""
    policy = "; ".join((*_CONTENT_POLICY, f"connect-src 'self'{sockets}", f"frame-ancestors {ancestors}"))
    return [*kept, (b"content-security-policy", policy.encode("ascii")), *_FIXED]


def _unwanted(name: bytes) -> bool:
    return name in _OURS or name.startswith(b"access-control-")
