"""What the local cloud says when it cannot go on: what happened, and what to do about it."""


class LocalCloudError(Exception):
    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
