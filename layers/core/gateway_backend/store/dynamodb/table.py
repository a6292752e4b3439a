"""The one table: reads and conditional writes in plain items, failures in our errors."""

import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.store.dynamodb.codec import Item, decode, encode
from gateway_backend.store.dynamodb.writes import (
    Check,
    ConditionFailed,
    Delete,
    Put,
    Update,
    Write,
    address_of,
    is_made,
)

LISTS_INDEX, WORK_INDEX = "Lists", "Work"
_NAME = re.compile(r"#(\w+)")
_LIST_POSITION = ("pk", "sk", "listKey", "listOrder")
_LIST_PAGE = 100
_BATCH = 25
_TRIES = 5
_BUSY = {
    "InternalServerError",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionInProgressException",
}


class Table:
    """Raises from every verb: StoreUnavailable. From conditional writes: ConditionFailed."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, pk: str, sk: str, *, consistent: bool = True) -> Item | None:
        answer = self._call("get_item", TableName=self._name, Key=_key(pk, sk), ConsistentRead=consistent)
        return decode(answer["Item"]) if "Item" in answer else None

    def query(self, pk: str, *, prefix: str = "", descending: bool = False, limit: int = 0) -> list[Item]:
        """Items of one partition in order of sk; all of them when no limit is given."""
        request = self._begins_with(pk, prefix) | {"ScanIndexForward": not descending}
        if limit:
            return [decode(item) for item in self._call("query", **request, Limit=limit)["Items"]]
        return list(self._every_page(request))

    def outline(self, pk: str, *attributes: str, prefix: str = "") -> list[Item]:
        """Of the items of one partition the keys and these attributes: their contents may be large."""
        projection = ", ".join(f"#{name}" for name in ("pk", "sk", *attributes))
        request = self._begins_with(pk, prefix, ProjectionExpression=projection)
        return list(self._every_page(request))

    def between(self, pk: str, first: str, last: str) -> Iterator[Item]:
        """Items of one partition whose sk lies from `first` to `last`, in order of sk."""
        return self._every_page(self._between(pk, first, last))

    def latest_before(self, pk: str, first: str, last: str) -> Item | None:
        """Of the items whose sk lies from `first` to `last`, the one with the greatest."""
        request = self._between(pk, first, last) | {"ScanIndexForward": False}
        items = self._call("query", **request, Limit=1)["Items"]
        return decode(items[0]) if items else None

    def list(
        self,
        list_key: str,
        *,
        descending: bool = False,
        after: Item | None = None,
        limit: int = 50,
        between: tuple[str, str] | None = None,
    ) -> tuple[list[Item], Item | None]:
        """A page of the sparse Lists index, eventually consistent, and the keys of its last item if more may follow.

        A page may be shorter than its limit: DynamoDB ends it after 1 MB. `after`: the last item of the page before.
        `between`: the first and the last `listOrder` that count.
        """
        condition, values = "#listKey = :listKey", {"listKey": list_key}
        if between:
            condition += " AND #listOrder BETWEEN :first AND :last"
            values |= {"first": between[0], "last": between[1]}
        request = _expressions(KeyConditionExpression=condition, values=values) | {
            "TableName": self._name,
            "IndexName": LISTS_INDEX,
            "ScanIndexForward": not descending,
            "Limit": limit,
        }
        if after:
            request["ExclusiveStartKey"] = encode({name: after[name] for name in _LIST_POSITION})
        answer = self._call("query", **request)
        following = answer.get("LastEvaluatedKey")
        return [decode(item) for item in answer["Items"]], decode(following) if following else None

    def every(
        self, list_key: str, *, descending: bool = False, between: tuple[str, str] | None = None
    ) -> Iterator[Item]:
        """The whole list, page by page."""
        after: Item | None = None
        while True:
            page, after = self.list(list_key, descending=descending, after=after, limit=_LIST_PAGE, between=between)
            yield from page
            if after is None:
                return

    def count(self, list_key: str) -> int:
        """How long the list is, eventually consistent."""
        condition, values = "#listKey = :listKey", {"listKey": list_key}
        request = _expressions(KeyConditionExpression=condition, values=values)
        request |= {"TableName": self._name, "IndexName": LISTS_INDEX, "Select": "COUNT"}
        return sum(answer["Count"] for answer in self._answers(request))

    def work(self, work_key: str, *, until: str = "") -> Iterator[Item]:
        """Keys of the items waiting in one list of the sparse Work index, eventually consistent, in their order.

        `until`: only those whose `workOrder` is not after it.
        """
        condition, values = "#workKey = :workKey", {"workKey": work_key}
        if until:
            condition, values = condition + " AND #workOrder <= :until", values | {"until": until}
        request = _expressions(KeyConditionExpression=condition, values=values)
        yield from self._every_page(request | {"TableName": self._name, "IndexName": WORK_INDEX})

    def write(self, write: Put | Update | Delete) -> None:
        """Raises: ConditionFailed, but not for what this very write has made, its answer lost on the way."""
        operation, request = self._to_request(write)
        try:
            self._write_with_retries(operation, **request)
        except ConditionFailed as refused:
            if not (refused.repeated and is_made(write, self.get(*address_of(write)))):
                raise

    def update(self, update: Update) -> Item:
        """Like `write`, and gives the item as it is afterwards."""
        operation, request = self._to_request(update)
        try:
            return decode(self._write_with_retries(operation, **request, ReturnValues="ALL_NEW")["Attributes"])
        except ConditionFailed as refused:
            item = self.get(update.pk, update.sk) if refused.repeated else None
            if item is None or not is_made(update, item):
                raise
            return item

    def write_together(self, writes: Sequence[Write]) -> None:
        """All or nothing. The SDK gives each call a token, so that DynamoDB itself recognises its repetition."""
        kinds = {
            "put_item": "Put",
            "update_item": "Update",
            "delete_item": "Delete",
            "condition_check": "ConditionCheck",
        }
        rendered = [self._to_request(write) for write in writes]
        items = [{kinds[operation]: request} for operation, request in rendered]
        self._write_with_retries("transact_write_items", TransactItems=items)

    def delete_all(self, keys: Sequence[tuple[str, str]]) -> None:
        """Unconditional deletes in batches; safe to repeat."""
        for start in range(0, len(keys), _BATCH):
            requests = [{"DeleteRequest": {"Key": _key(pk, sk)}} for pk, sk in keys[start : start + _BATCH]]
            for attempt in range(_TRIES):
                answer = self._call("batch_write_item", RequestItems={self._name: requests})
                requests = answer.get("UnprocessedItems", {}).get(self._name, [])
                if not requests:
                    break
                _wait(attempt)
            else:
                raise StoreUnavailable

    def _begins_with(self, pk: str, prefix: str, **expressions: str) -> dict[str, Any]:
        condition, values = "#pk = :pk", {"pk": pk}
        if prefix:
            condition, values = condition + " AND begins_with(#sk, :prefix)", values | {"prefix": prefix}
        request = _expressions(KeyConditionExpression=condition, values=values, **expressions)
        return request | {"TableName": self._name, "ConsistentRead": True}

    def _between(self, pk: str, first: str, last: str) -> dict[str, Any]:
        condition, values = "#pk = :pk AND #sk BETWEEN :first AND :last", {"pk": pk, "first": first, "last": last}
        request = _expressions(KeyConditionExpression=condition, values=values)
        return request | {"TableName": self._name, "ConsistentRead": True}

    def _every_page(self, request: dict[str, Any]) -> Iterator[Item]:
        for answer in self._answers(request):
            yield from map(decode, answer["Items"])

    def _answers(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The answers to a query and to all that follow it."""
        while True:
            answer = self._call("query", **request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request = request | {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _to_request(self, write: Write) -> tuple[str, dict[str, Any]]:
        request: dict[str, Any] = {"TableName": self._name}
        conditions = {"ConditionExpression": write.condition} if write.condition else {}
        match write:
            case Put(item=item):
                return "put_item", request | {"Item": encode(item)} | _expressions(**conditions, values=write.values)
            case Update(update=update):
                request |= _expressions(**conditions, UpdateExpression=update, values=write.values)
                return "update_item", request | {"Key": _key(write.pk, write.sk)}
            case Delete() | Check():
                request |= _expressions(**conditions, values=write.values)
                operation = "delete_item" if isinstance(write, Delete) else "condition_check"
                return operation, request | {"Key": _key(write.pk, write.sk)}

    def _write_with_retries(self, operation: str, **request: Any) -> dict[str, Any]:
        """Write; while another DynamoDB transaction holds one of the items, try again."""
        for attempt in range(_TRIES):
            try:
                return self._call(operation, **request)
            except _Conflict:
                _wait(attempt)
        raise StoreUnavailable("The account is being changed by several requests at once: try again")

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        try:
            return getattr(self._client, operation)(**request)  # type: ignore[no-any-return]
        except ClientError as error:
            raise _to_error(error) from error
        except BotoCoreError as error:
            raise StoreUnavailable from error


def _wait(attempt: int) -> None:
    time.sleep(random.uniform(0.02, 0.05) * 2**attempt)  # noqa: S311 - jitter, not a secret


class _Conflict(Exception):
    """Another DynamoDB transaction holds one of the items."""


def _to_error(error: ClientError) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "ConditionalCheckFailedException":
        return ConditionFailed(repeated=error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0)
    if code == "TransactionCanceledException":
        reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
        refused = frozenset(at for at, reason in enumerate(reasons) if reason == "ConditionalCheckFailed")
        if refused:
            return ConditionFailed(refused)
        return _Conflict() if "TransactionConflict" in reasons else StoreUnavailable() if _BUSY & {*reasons} else error
    if code == "TransactionConflictException":
        return _Conflict()
    return StoreUnavailable() if code in _BUSY else error


def _key(pk: str, sk: str) -> dict[str, Any]:
    return encode({"pk": pk, "sk": sk})


@cache
def _names(*expressions: str) -> frozenset[str]:
    return frozenset(name for expression in expressions for name in _NAME.findall(expression))


def _expressions(*, values: Mapping[str, Any], **expressions: str) -> dict[str, Any]:
    names = _names(*expressions.values())
    request: dict[str, Any] = dict(expressions)
    if names:
        request["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
    if values:
        request["ExpressionAttributeValues"] = {f":{name}": value for name, value in encode(values).items()}
    return request
