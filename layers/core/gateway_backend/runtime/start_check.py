"""The call that only proves that a version of a function starts, and can read its settings."""

from collections.abc import Callable
from typing import Any

from gateway_backend.runtime.settings import settings

type Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

START = {"check": "start"}
STARTED = {"started": True}


def with_start_check(handler: Handler) -> Handler:
    """The handler, which answers the call before a version gets traffic, and does nothing for it.

    Raises: SettingMissing, for a setting that no call has read yet.
    """

    def checked(event: dict[str, Any], context: Any) -> dict[str, Any]:
        if event != START:
            return handler(event, context)
        settings().check()
        return dict(STARTED)

    return checked
