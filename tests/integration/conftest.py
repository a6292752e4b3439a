"""Integration tests look behind the API, so they need a stack on the local cloud."""

from typing import Any

import pytest

from tests.integration.aws import Aws


@pytest.fixture(scope="session")
def aws(outputs: dict[str, Any]) -> Aws:
    if "awsEndpoint" not in outputs:
        pytest.fail("integration tests look into the table: run them against the local cloud (`make up`)")
    return Aws(outputs)
