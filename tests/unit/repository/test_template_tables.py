"""What template.yaml must hold about what is kept."""

import pytest

from testing.template import (
    resource,
    resources,
)
from testing.template_rules import FUNCTIONS, TABLE

HOLDS_DATA = {
    "Table": "AWS::DynamoDB::Table",
    "GatewaySecret": "AWS::SecretsManager::Secret",
    "WebhookQueue": "AWS::SQS::Queue",
    "WebhookDeadLetterQueue": "AWS::SQS::Queue",
    "RefreshQueue": "AWS::SQS::Queue",
    "RefreshDeadLetterQueue": "AWS::SQS::Queue",
    "EventDeadLetterQueue": "AWS::SQS::Queue",
    "EventBus": "AWS::Events::EventBus",
    "ApiLogs": "AWS::Logs::LogGroup",
} | {f"{name.removesuffix('Function')}Logs": "AWS::Logs::LogGroup" for name in FUNCTIONS}


@pytest.mark.parametrize(("name", "kind"), HOLDS_DATA.items())
def test_what_holds_data_keeps_its_logical_id(name: str, kind: str) -> None:
    """Under another id CloudFormation would create a new one, and delete the old one or leave it behind."""
    assert name in resources(kind)


def test_the_table_is_paid_by_the_request() -> None:
    assert TABLE["BillingMode"] == "PAY_PER_REQUEST"


def test_the_table_cannot_be_deleted_by_mistake() -> None:
    assert TABLE["DeletionProtectionEnabled"] is True


def test_the_table_can_be_restored_to_any_second() -> None:
    assert TABLE["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_table_is_encrypted_with_a_key_of_the_account() -> None:
    assert TABLE["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}


def test_the_stream_has_every_item_before_and_after_a_write() -> None:
    assert TABLE["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_the_table_removes_what_has_expired() -> None:
    assert TABLE["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}


@pytest.mark.parametrize("name", ["Table", "GatewaySecret"])
def test_deleting_the_stack_keeps_it(name: str) -> None:
    assert resource(name)["DeletionPolicy"] == "Retain"


@pytest.mark.parametrize("name", ["Table", "GatewaySecret"])
def test_replacing_it_keeps_the_old_one(name: str) -> None:
    assert resource(name)["UpdateReplacePolicy"] == "Retain"
