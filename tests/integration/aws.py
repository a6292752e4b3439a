"""Looking behind the API: the local cloud's table, queues, functions and logs."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

from testing.template import CHECKOUT


@dataclass(frozen=True)
class Aws:
    outputs: dict[str, Any]

    def client(self, service: str) -> Any:
        return boto3.client(
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
        return [item for item in self.every_item() if item["pk"]["S"].startswith("RECEIPT#") and "kind" in item]

    def every_item(self) -> list[dict[str, Any]]:
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["tableName"])
        return [item for page in pages for item in page["Items"]]

    def ops(self, command: str, *arguments: str, succeeds: bool = True) -> str:
        """What an operator's command prints."""
        environment = os.environ | {
            "AWS_ENDPOINT_URL": self.outputs["awsEndpoint"],
            "AWS_DEFAULT_REGION": self.outputs["region"],
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "PYTHONPATH": "layers/core",
            "COLUMNS": "160",
        }
        line = [sys.executable, "-m", f"ops.{command}", *arguments]
        done = subprocess.run(line, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
        return done.stdout

    def invoke(self, function_folder: str, event: dict[str, Any] | None = None) -> Any:
        """Run a deployed function now, by its folder's name; what it answers."""
        logical_id = "".join(word.capitalize() for word in function_folder.split("_")) + "Function"
        payload = json.dumps(event or {}).encode()
        answer = self.client("lambda").invoke(FunctionName=self.physical_id(logical_id), Payload=payload)
        payload = answer["Payload"].read()
        assert "FunctionError" not in answer, payload
        return json.loads(payload)

    @contextmanager
    def tap(self) -> Iterator["BusTap"]:
        """Receives every event that is put on the bus from now on."""
        name, bus = f"tap-{uuid.uuid4().hex}", self.outputs["eventBusName"]
        queues, rules = self.client("sqs"), self.client("events")
        url = queues.create_queue(QueueName=name)["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        rules.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": [{"prefix": ""}]}))
        rules.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "tap", "Arn": arn}])
        try:
            yield BusTap(queues, url)
        finally:
            rules.remove_targets(Rule=name, EventBusName=bus, Ids=["tap"])
            rules.delete_rule(Name=name, EventBusName=bus)
            queues.delete_queue(QueueUrl=url)

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


@dataclass
class BusTap:
    queues: Any
    queue_url: str
    _heard: list[dict[str, Any]] = field(default_factory=list)

    def events(self, **detail: Any) -> list[dict[str, Any]]:
        """Every event received so far whose detail says this, in the order in which they came."""
        while messages := self._receive():
            self._heard += [json.loads(message["Body"]) for message in messages]
        return [event for event in self._heard if detail.items() <= event["detail"].items()]

    def names(self, **detail: Any) -> list[str]:
        return [event["detail-type"] for event in self.events(**detail)]

    def _receive(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.queues.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        ).get("Messages", [])
        for message in messages:
            self.queues.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return messages
