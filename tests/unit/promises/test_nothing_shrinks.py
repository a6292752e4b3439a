"""No sequence of failures can shrink a portfolio or roll it back (design, promises 1 and 3).

Trades, pulls that run into every failure there is, workers that die between two writes or overtake each other: after
each step our newest snapshot is what the broker's account truly held at its `snapshotDate`, and that date never goes
back. What nobody could tell from the truth does not come here: a wrong answer that agrees with the one before it, and
one that holds more than half of what we had.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway_backend.domain.holdings.snapshot import PROVEN
from gateway_backend.domain.shared.errors import GatewayRefused, GatewayUnavailable
from gateway_backend.usecases.holdings.import_holdings import AFTER_LOGIN, ON_REQUEST, import_holdings
from testing.fakes import Crash
from testing.gateway import Securities, half_of, securities_in
from testing.market_times import SECOND
from testing.world import World

ACCOUNT = "a"
WRONG = ["empty", "half"]
HARMLESS = ["500", "429", "400", "403", "timeout", "truncated", "garbage", "updating", "future date", "unreadable date"]
OLD = ["unmoved", "late", "empty, old date"]
FAULTS = st.lists(st.sampled_from(["", *WRONG, *HARMLESS, *OLD]), max_size=3)
BASKETS = st.dictionaries(st.integers(0, 7), st.integers(1, 3), max_size=6)
CRASHES = st.integers(1, 4)
"""At which of its writes a worker dies; few get as far as the fourth."""


class NothingShrinks(RuleBasedStateMachine):
    @initialize(basket=BASKETS)
    def first_import(self, basket: Securities) -> None:
        self.world = World()
        self.world.link(ACCOUNT, imported=False)
        self.broker = self.world.gateway.accounts[ACCOUNT]
        self.truth: list[tuple[datetime, Securities]] = []
        self.doubted: list[Securities] = []
        self.trade(basket)
        self.pull([])
        self.wait(1)  # an empty one needs a later pull
        self.pull([])
        self.as_of = self.world.connection(ACCOUNT).as_of

    @rule(basket=BASKETS)
    def trade(self, basket: Securities) -> None:
        self.broker.securities = basket
        self.truth.append((self._later(), basket))

    @rule(security=st.integers(0, 7))
    def sell_one(self, security: int) -> None:
        self.trade({number: held for number, held in self.broker.securities.items() if number != security})

    @rule(faults=FAULTS, by_schedule=st.booleans())
    def pull(self, faults: list[str], by_schedule: bool = False) -> None:
        self._later()
        self._pull(faults, by_schedule)

    @rule(faults=FAULTS, nth_write=CRASHES)
    def pull_and_die(self, faults: list[str], nth_write: int) -> None:
        self._later()
        self.world.client.before_call = dying_at(nth_write)
        with suppress(Crash):
            self._pull(faults, by_schedule=True)
        self.world.client.before_call = lambda _operation, _request: None

    @rule(faults=FAULTS, faults_of_other=FAULTS, basket=st.none() | BASKETS)
    def pull_and_be_overtaken(self, faults: list[str], faults_of_other: list[str], basket: Securities | None) -> None:
        """Another worker pulls and stores while Gateway's answer is on its way to the first."""

        def meanwhile() -> None:
            doubted = [*self.doubted]
            of_first, self.world.gateway.faults[ACCOUNT] = self.world.gateway.faults[ACCOUNT], deque()
            if basket is not None:
                self.trade(basket)
            self.pull(faults_of_other)
            self.the_date_never_goes_back()
            self.world.gateway.faults[ACCOUNT] = of_first
            self.doubted += doubted  # the answer of the first is still to be recorded

        self._later()
        self.world.gateway.before_reply = meanwhile
        # After a trade a second answer that is wrong could agree with a first that was right.
        self._pull(faults[: 1 if basket is not None else None], by_schedule=False)

    @rule(hours=st.integers(1, 100))
    def wait(self, hours: int) -> None:
        self.world.now += timedelta(hours=hours)

    @rule(alive=st.booleans(), forbidden=st.booleans())
    def session(self, alive: bool, forbidden: bool) -> None:
        self.broker.session_is_live, self.broker.is_forbidden = alive, forbidden

    @invariant()
    def what_is_stored_was_true_at_its_date(self) -> None:
        as_of = self.world.connection(ACCOUNT).as_of
        assert as_of is not None
        assert self.world.stored_holdings(ACCOUNT) == self._held_at(as_of)

    @invariant()
    def the_date_never_goes_back(self) -> None:
        before, self.as_of = self.as_of, self.world.connection(ACCOUNT).as_of
        assert before is not None
        assert self.as_of is not None
        assert before <= self.as_of

    def _pull(self, faults: list[str], by_schedule: bool) -> None:
        if self.world.connection(ACCOUNT).doubt is None:
            self.doubted.clear()
        account, stored = self.world.connection(ACCOUNT), self.world.stored_holdings(ACCOUNT)
        self.world.gateway.faults[ACCOUNT] = deque(self._believable(faults))
        try:
            outcome = import_holdings(account, ON_REQUEST if by_schedule else AFTER_LOGIN, self.world.pull_context)
        except (GatewayRefused, GatewayUnavailable):
            return
        # Nothing is called proven but the truth at its date, or what was stored already: an import would end with it.
        if isinstance(outcome, PROVEN):
            assert securities_in(outcome.snapshot.text) in (self._held_at(outcome.snapshot.as_of), stored)

    def _believable(self, faults: list[str]) -> Iterator[str]:
        # Without a live session, Gateway goes on showing its last snapshot.
        held = (
            self.broker.securities
            if self.broker.session_is_live or not self.broker.snapshots
            else self.broker.snapshots[-1][1]
        )
        had = self.world.stored_holdings(ACCOUNT) or {}
        answers: dict[str, Securities] = {"empty": {}, "half": half_of(held)}
        for before, fault in pairwise(["", *faults]):
            answered = answers.get(fault)
            shrinks = answered is None or (had and len(had.keys() - answered.keys()) * 2 >= len(had))
            repeats = answered is not None and answered == answers.get(before, held)
            is_wrong = shrinks and not repeats and answered not in self.doubted
            if is_wrong and answered is not None:
                self.doubted.append(answered)
            yield fault if is_wrong else ""

    def _held_at(self, moment: datetime) -> Securities:
        return [basket for traded_at, basket in self.truth if traded_at <= moment][-1]

    def _later(self) -> datetime:
        self.world.now += SECOND
        return self.world.now


def dying_at(nth_write: int) -> Callable[[str, object], None]:
    writes = 0

    def before(operation: str, _request: object) -> None:
        nonlocal writes
        writes += operation not in ("get_item", "query")
        if writes == nth_write:
            raise Crash

    return before


TestNothingShrinks = NothingShrinks.TestCase
TestNothingShrinks.settings = settings(max_examples=150, stateful_step_count=15, deadline=None)
