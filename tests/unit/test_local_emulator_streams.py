"""On the local cloud a table's stream is delivered as Lambda delivers it."""

from local.emulator_streams import Delivery, Progress, Records, Result


class Function:
    """Fails at the records it is told of: by an exception, or by naming them; `heals` after so many calls."""

    def __init__(self, *, raises: str = "", names: str = "", heals: int = 99) -> None:
        self.raises, self.names, self.heals = raises, names, heals
        self.calls: list[str] = []
        self.given_up: list[str] = []

    def run(self, records: Records) -> Result:
        told = letters(records)
        self.calls.append(told)
        well = len(self.calls) > self.heals
        if not well and set(told) & set(self.raises):
            return {"error": True, "body": {"errorMessage": "boom"}}
        failed = [] if well else [letter for letter in told if letter in self.names]
        return {"body": {"batchItemFailures": [{"itemIdentifier": letter} for letter in failed]}}

    def give_up(self, records: Records, _: Result) -> None:
        self.given_up.append(letters(records))

    def gets(self, *batches: str, retries: int = 2, hears: bool = True, bisects: bool = False) -> None:
        """The emulator brings what is there until it is told that all went well."""
        progress = Progress()
        delivery = Delivery(self.run, self.give_up, progress, retries, hears, bisects)
        for told in batches:
            result = delivery.attempt(batch(told))
        while result["error"]:
            result = delivery.attempt(batch(batches[-1]))
        assert progress == Progress()


def batch(told: str) -> Records:
    return [{"dynamodb": {"SequenceNumber": letter}} for letter in told]


def letters(records: Records) -> str:
    return "".join(record["dynamodb"]["SequenceNumber"] for record in records)


def test_what_succeeds_is_sent_once() -> None:
    function = Function()
    function.gets("abc")
    assert (function.calls, function.given_up) == (["abc"], [])


def test_from_the_first_failure_on_all_is_sent_again() -> None:
    function = Function(names="cb", heals=1)
    function.gets("abcd")
    assert (function.calls, function.given_up) == (["abcd", "bcd"], [])


def test_after_the_retries_the_rest_goes_to_the_failure_destination() -> None:
    function = Function(names="b")
    function.gets("abc")
    assert (function.calls, function.given_up) == (["abc", "bc", "bc", "bc"], ["bc"])


def test_an_exception_repeats_the_whole_batch() -> None:
    function = Function(raises="b")
    function.gets("abc")
    assert (function.calls, function.given_up) == (["abc", "abc", "abc"], ["abc"])


def test_bisecting_gives_up_only_what_raises() -> None:
    function = Function(raises="b")
    function.gets("abcd", bisects=True)
    assert function.given_up == ["b"]
    assert function.calls == ["abcd", "ab", "a", "bcd", "b", "b", "b", "cd"]


def test_failures_are_heard_only_where_the_mapping_says_so() -> None:
    function = Function(names="b")
    function.gets("abc", hears=False)
    assert (function.calls, function.given_up) == (["abc"], [])


def test_without_an_end_to_the_retries_nothing_is_given_up() -> None:
    function = Function(names="a", heals=50)
    function.gets("ab", retries=-1)
    assert (len(function.calls), function.given_up) == (51, [])


def test_what_has_come_meanwhile_is_brought_along_and_what_is_done_is_not() -> None:
    function = Function(names="b", heals=2)
    function.gets("abc", "abcd")
    assert (function.calls, function.given_up) == (["abc", "bc", "bcd"], [])
