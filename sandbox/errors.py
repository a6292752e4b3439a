"""The two kinds of errors that the sandbox answers: Gateway's, and those of its control API."""


class GatewayError(Exception):
    """An error in Gateway's envelope (contract 2.0)."""

    def __init__(self, status: int, text: str, error_type: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.error_type = error_type


def invalid_input(text: str) -> GatewayError:
    return GatewayError(400, text, "InputException")


class ControlError(Exception):
    """A control call that cannot be done; `detail` says what to do instead."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
