"""docs/openapi.json describes what template.yaml deploys and what the contracts define."""

import json
from copy import replace
from typing import Any

import pytest
import schemathesis
from jsonschema_rs import validator_for

from gateway_backend.contracts.transactions import views as transaction_api
from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.domain.shared.times import parse
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Failure, Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.runtime.http import problem
from ops.api_reference import generate as generate_openapi
from ops.api_reference.route import Route
from ops.api_reference.routes import ROUTES
from testing.template import events, folder, functions

DOCUMENT: dict[str, Any] = json.loads(generate_openapi.TARGET.read_text())
TRANSACTION = Transaction(
    id="TRX_06726c28769e44b8920bd6eb5bbeef17",
    owner="user-1",
    intent=Intent.HOLDINGS_IMPORT,
    created_at=parse("2022-03-24T11:20:00.000Z"),
    expire_at=parse("2022-03-25T11:20:00.000Z"),
    correlation_id="c",
    status=Status.ERRORED,
    failure=Failure(1003, "consent_denied"),
)


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
    }


def is_valid(schema: dict[str, Any], value: Any) -> bool:
    return bool(validator_for({**schema, "components": DOCUMENT["components"]}).is_valid(value))


def schema_of(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_the_committed_file_is_up_to_date() -> None:
    committed = generate_openapi.TARGET.read_text(encoding="utf-8")
    assert committed == generate_openapi.render(), "run `python -m ops.api_reference.generate`"


def test_every_deployed_route_is_described_and_no_other() -> None:
    deployed = {
        (event["Method"], event["Path"]): (folder(name), event.get("Auth", {}).get("Authorizer") != "NONE")
        for name, function in functions().items()
        for event in events(function, "HttpApi")
    }
    described = {
        key: (operation["operationId"], operation.get("security") != []) for key, operation in operations().items()
    }
    assert described == deployed


def test_the_document_is_valid_openapi() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_no_schema_is_missing_or_left_over() -> None:
    text = json.dumps(DOCUMENT)
    named = {f'"#/components/schemas/{name}"' for name in DOCUMENT["components"]["schemas"]}
    used = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert {f'"#/components/schemas/{name}"' for name in used} == named


def test_the_examples_match_their_schemas() -> None:
    wrong = []
    for (method, path), operation in operations().items():
        contents = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in (media for content in contents for media in content.get("content", {}).values()):
            examples = [named["value"] for named in media.get("examples", {}).values()]
            examples += [media["example"]] if "example" in media else []
            wrong += [f"{method} {path}" for example in examples if not is_valid(media["schema"], example)]
    assert wrong == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.function)
def test_every_problem_matches_the_schema_of_its_route(route: Route) -> None:
    responses = operations()[route.method, route.path]["responses"]
    for kind in route.problems:
        body = json.loads(problem(kind(), route.path, "request-1").body)
        schema = responses[str(kind.status)]["content"]["application/problem+json"]["schema"]
        assert is_valid(schema, body), kind
        assert kind.code in responses[str(kind.status)]["description"]


def test_a_problem_that_the_route_does_not_list_is_invalid() -> None:
    schema = operations()["GET", "/v1/transactions/{id}"]["responses"]["404"]["content"]["application/problem+json"]
    body = json.loads(problem(NotFound(), "/v1/transactions/x", "request-1").body)
    assert is_valid(schema["schema"], body)
    assert not is_valid(schema["schema"], body | {"code": "REQUEST_INVALID"})


def test_a_response_with_a_missing_or_mistyped_member_is_invalid() -> None:
    answer = json.loads(transaction_api.TransactionView.of(TRANSACTION).model_dump_json(by_alias=True))
    assert is_valid(schema_of("TransactionView"), answer)
    assert not is_valid(schema_of("TransactionView"), {k: v for k, v in answer.items() if k != "final"})
    assert not is_valid(schema_of("TransactionView"), answer | {"status": "DONE"})
    in_progress = replace(TRANSACTION, status=Status.USED, failure=None)
    view = transaction_api.TransactionView.of(in_progress).model_dump_json(by_alias=True)
    assert is_valid(schema_of("TransactionView"), json.loads(view))


def test_money_and_quantities_are_numbers_not_texts() -> None:
    example = operations()["GET", "/v1/holdings"]["responses"]["200"]["content"]["application/json"]["example"]
    assert is_valid(schema_of("HoldingsView"), example)
    assert not is_valid(schema_of("HoldingsView"), example | {"invested": str(example["invested"])})
    assert not is_valid(schema_of("HoldingsView"), example | {"holdings": [{"isin": "INE168A01041"}]})


@pytest.mark.parametrize(
    ("schema", "body", "valid"),
    [
        ("CreateTransactionRequest", {"intent": "CONNECT"}, True),
        ("CreateTransactionRequest", {"intent": "HOLDINGS_IMPORT", "version": "v1", "notes": "n" * 256}, True),
        ("CreateTransactionRequest", {"intent": "HOLDINGS_IMPORT", "notes": "n" * 257}, False),
        ("CreateTransactionRequest", {"intent": "SOMETHING"}, False),
        ("CreateTransactionRequest", {"intent": "CONNECT", "surprise": 1}, False),
        ("CreateTransactionRequest", {"request": {"intent": "CONNECT"}}, False),
        ("ResultRequest", {"platform": "web", "resolved": {}}, True),
        ("ResultRequest", {"platform": "ios", "rejected": "text"}, True),
        ("ResultRequest", {"platform": "web", "resolved": {}, "rejected": {}}, False),
        ("ResultRequest", {"platform": "web"}, False),
        ("ResultRequest", {"platform": "fridge", "resolved": {}}, False),
        ("SessionRequest", {}, True),
        ("SessionRequest", {"smallcaseAuthId": "no spaces"}, False),
        ("WebhookBody", {"timestamp": "t", "checksum": "c", "transactionId": "x"}, False),
        (
            "WebhookBody",
            {"timestamp": "t", "checksum": "c", "transactionId": "x", "intent": "MF_HOLDINGS_IMPORT"},
            True,
        ),
        ("WebhookBody", {"timestamp": "t", "smallcaseAuthId": "a", "securities": []}, False),
    ],
)
def test_request_schemas_accept_what_the_models_accept(schema: str, body: dict[str, Any], valid: bool) -> None:
    assert is_valid(schema_of(schema), body) is valid
