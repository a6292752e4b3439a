"""The error that a command of the local cloud ends with."""


class LocalCloudError(Exception):
    """The local cloud cannot go on: `message` says what happened, `remedy` what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
