"""The emulator delivers a table's stream as Lambda does: retries, item failures, bisection, failure destination."""

from local.emulator.streams import Delivery, Progress, Records, Result


class StubFunction:
    """Fails at the given sequence numbers, by raising or by reporting them, until it recovers."""

    def __init__(self, *, raises_at: str = "", reports: str = "", recovers_after: int = 99) -> None:
        self.raises_at, self.reports, self.recovers_after = raises_at, reports, recovers_after
        self.invocations: list[str] = []
        self.discarded: list[str] = []

    def invoke(self, records: Records) -> Result:
        received = letters_of(records)
        self.invocations.append(received)
        has_recovered = len(self.invocations) > self.recovers_after
        if not has_recovered and set(received) & set(self.raises_at):
            return {"error": True, "body": {"errorMessage": "boom"}}
        failed = [] if has_recovered else [letter for letter in received if letter in self.reports]
        return {"body": {"batchItemFailures": [{"itemIdentifier": letter} for letter in failed]}}

    def discard(self, records: Records, _: Result) -> None:
        self.discarded.append(letters_of(records))


def deliver(
    function: StubFunction,
    *batches: str,
    max_retries: int = 2,
    reports_item_failures: bool = True,
    bisects: bool = False,
) -> Progress:
    """Deliver the batches in turn, and the last one again until it succeeds, as the emulator does."""
    progress = Progress()
    delivery = Delivery(function.invoke, function.discard, progress, max_retries, reports_item_failures, bisects)
    for letters in batches:
        result = delivery.attempt(records_of(letters))
    while result["error"]:
        result = delivery.attempt(records_of(batches[-1]))
    return progress


def records_of(letters: str) -> Records:
    return [{"dynamodb": {"SequenceNumber": letter}} for letter in letters]


def letters_of(records: Records) -> str:
    return "".join(record["dynamodb"]["SequenceNumber"] for record in records)


def test_a_batch_that_succeeds_is_sent_once() -> None:
    function = StubFunction()
    deliver(function, "abc")
    assert function.invocations == ["abc"]


def test_a_batch_that_succeeds_loses_nothing() -> None:
    function = StubFunction()
    deliver(function, "abc")
    assert function.discarded == []


def test_all_records_from_the_first_failure_on_are_sent_again() -> None:
    function = StubFunction(reports="cb", recovers_after=1)
    deliver(function, "abcd")
    assert function.invocations == ["abcd", "bcd"]


def test_failed_records_are_retried_as_often_as_the_mapping_says() -> None:
    function = StubFunction(reports="b")
    deliver(function, "abc", max_retries=2)
    assert function.invocations == ["abc", "bc", "bc", "bc"]


def test_after_the_last_retry_the_remaining_records_go_to_the_failure_destination() -> None:
    function = StubFunction(reports="b")
    deliver(function, "abc")
    assert function.discarded == ["bc"]


def test_an_exception_repeats_the_whole_batch() -> None:
    function = StubFunction(raises_at="b")
    deliver(function, "abc")
    assert function.invocations == ["abc", "abc", "abc"]


def test_after_the_last_exception_the_whole_batch_goes_to_the_failure_destination() -> None:
    function = StubFunction(raises_at="b")
    deliver(function, "abc")
    assert function.discarded == ["abc"]


def test_bisection_halves_the_batch_until_one_record_is_left() -> None:
    function = StubFunction(raises_at="b")
    deliver(function, "abcd", bisects=True)
    assert function.invocations == ["abcd", "ab", "a", "bcd", "b", "b", "b", "cd"]


def test_bisection_discards_only_the_record_that_raises() -> None:
    function = StubFunction(raises_at="b")
    deliver(function, "abcd", bisects=True)
    assert function.discarded == ["b"]


def test_item_failures_are_ignored_unless_the_mapping_reports_them() -> None:
    function = StubFunction(reports="b")
    deliver(function, "abc", reports_item_failures=False)
    assert function.invocations == ["abc"]


def test_without_a_limit_of_retries_nothing_is_discarded() -> None:
    function = StubFunction(reports="a", recovers_after=50)
    deliver(function, "ab", max_retries=-1)
    assert function.discarded == []


def test_without_a_limit_of_retries_records_are_sent_until_they_succeed() -> None:
    function = StubFunction(reports="a", recovers_after=50)
    deliver(function, "ab", max_retries=-1)
    assert len(function.invocations) == 51


def test_a_retry_includes_new_records_and_leaves_out_processed_ones() -> None:
    function = StubFunction(reports="b", recovers_after=2)
    deliver(function, "abc", "abcd")
    assert function.invocations == ["abc", "bc", "bcd"]


def test_no_progress_of_a_batch_is_carried_over_to_the_next() -> None:
    assert deliver(StubFunction(reports="b"), "abc") == Progress()
