"""What stops the demonstration before its end, each as one sentence for the presenter.

DemoError
|- NoBrowser       there is no Chromium, or no display that it was asked for
`- NotAsExpected   the page or a process did not do what the script says
"""


class DemoError(Exception):
    """The demonstration cannot go on."""


class NoBrowser(DemoError):
    """Nothing can be played in a page."""


class NotAsExpected(DemoError):
    """Something else happened than the script says."""
