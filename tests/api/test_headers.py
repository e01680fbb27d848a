"""The headers themselves."""

from api.headers import secured


def test_ours_take_the_place_of_the_applications() -> None:
    """A weaker policy from inside does not stand beside ours."""
    headers = secured([(b"Content-Security-Policy", b"default-src *"), (b"X-Content-Type-Options", b"none")])
    assert [value for name, value in headers if name.lower() == b"x-content-type-options"] == [b"nosniff"]
    assert b"default-src *" not in dict(headers).values()


def test_a_pdf_may_be_framed_by_the_page_and_nothing_else_may() -> None:
    """The page shows a cited PDF in a frame of its own."""
    pdf = dict(secured([(b"content-type", b"application/pdf")]))[b"content-security-policy"]
    page = dict(secured([(b"content-type", b"text/html")]))[b"content-security-policy"]
    assert b"frame-ancestors 'self'" in pdf
    assert b"frame-ancestors 'none'" in page
