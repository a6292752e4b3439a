"""The parts of DynamoDB's requests, and its errors as botocore raises them."""

from typing import Any

from botocore.exceptions import ClientError

type Attributes = dict[str, dict[str, Any]]
type Request = dict[str, Any]
type Address = tuple[str, str]
"""Partition key and sort key."""


def address_of(key: Attributes) -> Address:
    """Of a key, or of a whole item."""
    return key["pk"]["S"], key["sk"]["S"]


def client_error(code: str, message: str, operation: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, **more}
    return ClientError(response, operation)


def transaction_cancelled(held: list[bool]) -> ClientError:
    """`held`: for each write of the transaction, whether its condition held."""
    refused = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    reasons = [{"Code": "None"} if ok else refused for ok in held]
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return client_error("TransactionCanceledException", message, "TransactWriteItems", CancellationReasons=reasons)


def validation_error(message: str) -> ClientError:
    return client_error("ValidationException", message, "Expression")
