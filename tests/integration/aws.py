"""Looking behind the API: the local cloud's table, queues, functions and logs."""

from dataclasses import dataclass
from typing import Any

import boto3


@dataclass(frozen=True)
class Aws:
    outputs: dict[str, Any]

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.outputs["awsEndpoint"],
            region_name=self.outputs["region"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def items(self, pk: str) -> list[dict[str, Any]]:
        answer = self.client("dynamodb").query(
            TableName=self.outputs["tableName"],
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
        )
        return list(answer["Items"])

    def receipts(self, checksum: str) -> list[dict[str, Any]]:
        """What is kept of the webhooks with this checksum: their plain text attributes."""
        return [
            {name: value.get("S", value.get("N")) for name, value in item.items()}
            for item in self.items(f"RECEIPT#{checksum}")
            if "kind" in item
        ]

    def every_receipt(self) -> list[dict[str, Any]]:
        pages = (
            self.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.outputs["tableName"],
                FilterExpression="begins_with(pk, :receipt) AND attribute_exists(kind)",
                ExpressionAttributeValues={":receipt": {"S": "RECEIPT#"}},
            )
        )
        return [item for page in pages for item in page["Items"]]

    def invoke(self, function: str) -> dict[str, Any]:
        """Run a function now, by its logical name."""
        name = self.physical_id(function)
        return dict(self.client("lambda").invoke(FunctionName=name, Payload=b"{}"))

    def physical_id(self, logical_id: str) -> str:
        answer = self.client("cloudformation").describe_stack_resource(
            StackName=self.outputs["stackName"], LogicalResourceId=logical_id
        )
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

    def log_text(self) -> str:
        """Everything every function has logged."""
        logs = self.client("logs")
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        pages = (
            page for group in groups for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        )
        return "\n".join(event["message"] for page in pages for event in page["events"])
