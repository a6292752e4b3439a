"""A worker of the table's stream: a bug in the work is counted, and no change counts as done."""

import io
from collections import Counter
from collections.abc import Sequence

import pytest

from gateway_backend.runtime import streams
from gateway_backend.runtime.observability import logger
from gateway_backend.runtime.streams import Change, stream_worker
from testing.counters import counters_of
from testing.stream_records import linked, sequence_number


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    return counters_of(monkeypatch, streams)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    lines = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    return lines


def test_a_bug_in_the_work_is_counted_and_no_change_is_done(counters: Counter[str], log: io.StringIO) -> None:
    def work(_changes: Sequence[Change]) -> list[Change]:
        raise ZeroDivisionError("canary")

    answer = stream_worker(work)({"Records": [linked(1), linked(2)]}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": sequence_number(1)}]}
    assert counters == {"UnexpectedError": 1}
    assert "canary" not in log.getvalue()
