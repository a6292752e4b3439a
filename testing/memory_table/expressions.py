"""Update and condition expressions: those that the store writes, parsed once and evaluated on items in memory."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from testing.memory_table.shapes import Attributes, Request, validation_error

type Condition = Callable[[Attributes, Attributes], bool]
"""Evaluated on an item and the request's values."""

type Change = Callable[[Request, Attributes | None], Attributes | None]
"""The item after a write, from the request and the item before it."""


# Changes ---------------------------------------------------------------------------------------


def put(request: Request, _before: Attributes | None) -> Attributes:
    item: Attributes = request["Item"]
    return item


def deleted(_request: Request, _before: Attributes | None) -> None:
    return None


def unchanged(_request: Request, before: Attributes | None) -> Attributes | None:
    return before


def updated(request: Request, before: Attributes | None) -> Attributes:
    item = dict(before or request["Key"])
    values = request.get("ExpressionAttributeValues", {})
    for verb, name, value in _steps(request["UpdateExpression"]):
        if verb == "SET" or (verb == "SET NEW" and name not in item):
            item[name] = values[value]
        elif verb == "ADD":
            item[name] = {"N": str(Decimal(item.get(name, {"N": "0"})["N"]) + Decimal(values[value]["N"]))}
        elif verb == "REMOVE":
            item.pop(name, None)
    return item


_CLAUSE = re.compile(r"(?:^|\s)(SET|ADD|REMOVE)\s")
_STEPS = {
    "SET": re.compile(r"#(\w+) = (?:(if_not_exists)\(#\1, (:\w+)\)|(:\w+))"),
    "ADD": re.compile(r"#(\w+) (:\w+)"),
    "REMOVE": re.compile(r"#(\w+)"),
}


@cache
def _steps(expression: str) -> tuple[tuple[str, str, str], ...]:
    """An update as (verb, attribute, value's name), read once per text."""
    pieces = _CLAUSE.split(expression)
    if pieces[0].strip():
        raise validation_error(f"not supported: {expression}")
    return tuple(step for verb, text in zip(pieces[1::2], pieces[2::2], strict=True) for step in _clause(verb, text))


def _clause(verb: str, text: str) -> Iterator[tuple[str, str, str]]:
    if _STEPS[verb].sub("", text).strip(" ,"):
        raise validation_error(f"not supported: {verb} {text}")
    for found in _STEPS[verb].finditer(text):
        if verb == "SET":
            yield ("SET NEW" if found[2] else "SET"), found[1], found[3] or found[4]
        else:
            yield verb, found[1], found[2] if verb == "ADD" else ""


def projected(item: Attributes, request: Request) -> Attributes:
    """The attributes that the request asks for, else all of them."""
    wanted = re.findall(r"#(\w+)", request.get("ProjectionExpression", ""))
    return {name: item[name] for name in wanted if name in item} if wanted else item


def check_bounds(request: Request) -> None:
    """A BETWEEN whose first bound is the greater one is refused."""
    values = request["ExpressionAttributeValues"]
    for low, high in re.findall(r"BETWEEN (:\w+) AND (:\w+)", request["KeyConditionExpression"]):
        if values[low]["S"] > values[high]["S"]:
            raise validation_error(
                "The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
            )


# Conditions ------------------------------------------------------------------------------------


def condition_holds(request: Request, item: Attributes | None) -> bool:
    check_placeholders(request, "ConditionExpression", "UpdateExpression")
    condition = request.get("ConditionExpression")
    return condition is None or parse_condition(condition)(item or {}, request.get("ExpressionAttributeValues", {}))


_TERM = re.compile(
    r"(?P<exists>attribute_exists|attribute_not_exists)\(#(?P<attribute>\w+)\)"
    r"|begins_with\(#(?P<text>\w+), (?P<prefix>:\w+)\)"
    r"|#(?P<between>\w+) BETWEEN (?P<low>:\w+) AND (?P<high>:\w+)"
    r"|#(?P<left>\w+) (?P<sign>=|<>|<=|>=|<|>) (?P<right>:\w+)"
)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


@cache
def parse_condition(expression: str) -> Condition:
    """The condition as a function of an item and the values, made once per text."""
    terms: list[Condition] = []

    def numbered(term: re.Match[str]) -> str:
        terms.append(_term(term))
        return f"t[{len(terms) - 1}](i, v)"

    source = re.sub(r"\bAND\b", "and", re.sub(r"\bOR\b", "or", _TERM.sub(numbered, expression)))
    if re.sub(r"t\[\d+\]\(i, v\)|\band\b|\bor\b|[() ]", "", source):
        raise validation_error(f"not supported: {expression}")
    # Nothing is left but numbered terms, and, or and brackets.
    return eval(f"lambda i, v: {source}", {"t": terms})  # type: ignore[no-any-return] # noqa: S307


def _term(term: re.Match[str]) -> Condition:
    found = term.groupdict()
    if attribute := found["attribute"]:
        wanted = found["exists"] == "attribute_exists"
        return lambda item, _: (attribute in item) is wanted
    if text := found["text"]:
        prefix = found["prefix"]
        return lambda item, values: text in item and item[text]["S"].startswith(values[prefix]["S"])
    if between := found["between"]:
        low, high = found["low"], found["high"]
        return lambda item, values: (
            _compare(item, between, _SIGNS[">="], values[low]) and _compare(item, between, _SIGNS["<="], values[high])
        )
    left, sign, right = found["left"], _SIGNS[found["sign"]], found["right"]
    return lambda item, values: _compare(item, left, sign, values[right])


def _compare(item: Attributes, name: str, sign: Callable[[Any, Any], bool], value: dict[str, Any]) -> bool:
    """What is not there, or of another type, compares as unequal."""
    held = item.get(name)
    if held is None or held.keys() != value.keys():
        return sign is _SIGNS["<>"]
    ((kind, left),) = held.items()
    right = value[kind]
    return sign(Decimal(left), Decimal(right)) if kind == "N" else sign(left, right)


def check_placeholders(request: Request, *expressions: str) -> None:
    """DynamoDB refuses a request that uses a name or value it does not give, or gives one it does not use."""
    names, values = _placeholders(*(request.get(expression, "") for expression in expressions))
    if request.get("ExpressionAttributeNames", {}).keys() != names:
        raise validation_error(f"ExpressionAttributeNames are not those used: {sorted(names)}")
    if request.get("ExpressionAttributeValues", {}).keys() != values:
        raise validation_error(f"ExpressionAttributeValues are not those used: {sorted(values)}")


@cache
def _placeholders(*texts: str) -> tuple[frozenset[str], frozenset[str]]:
    everything = " ".join(texts)
    return frozenset(re.findall(r"#\w+", everything)), frozenset(re.findall(r":\w+", everything))
