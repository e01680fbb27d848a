"""What is served over HTTP: the chat page, small addresses about its state, and the door around all of it."""

from api.application import Application, create_app
from api.metrics import metrics_alone

__all__ = ["Application", "create_app", "metrics_alone"]
