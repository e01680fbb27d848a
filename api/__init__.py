"""What is served over HTTP: the chat page, two small addresses about its state, and the door around all of it."""

from api.application import Application, create_app

__all__ = ["Application", "create_app"]
