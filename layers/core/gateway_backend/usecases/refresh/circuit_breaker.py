"""The circuit breaker of one worker: so many failures in a row stop its page, and open the circuit for everybody."""

from dataclasses import dataclass, field
from threading import Lock

from gateway_backend.domain.holdings.snapshot import PullOutcome
from gateway_backend.domain.refresh.circuit import FAILURES_THAT_OPEN, Circuit, CircuitState
from gateway_backend.domain.refresh.result import shows_outage
from gateway_backend.domain.shared.errors import ConcurrentUpdate
from gateway_backend.runtime.observability import count, logger
from gateway_backend.usecases.contexts import RefreshContext


@dataclass(slots=True)
class CircuitBreaker:
    """For one page. `circuit` is as it was found when the page was begun, and half-open then at most."""

    circuit: Circuit
    context: RefreshContext
    has_stopped: bool = False
    has_claimed_probe: bool = False
    lock: Lock = field(default_factory=Lock)

    @property
    def is_probing(self) -> bool:
        """The circuit was open: one account at a time, until Gateway has answered or failed."""
        return self.circuit.open_until is not None and not self.has_stopped

    def allows(self) -> bool:
        """Whether Gateway may be asked. After a pause a single worker asks first."""
        if self.is_probing and not self.has_claimed_probe:
            self.has_claimed_probe = self._open()
            self.has_stopped = not self.has_claimed_probe
        return not self.has_stopped

    def record(self, account_id: str, outcome: PullOutcome) -> None:
        """Any answer of Gateway closes the circuit; enough failures in a row open it."""
        with self.lock:
            if not shows_outage(outcome):
                self.context.streak.end()
                self._close()
                return
            failures = self.context.streak.add(account_id, self.context.clock())
            if self.has_stopped or failures < (1 if self.is_probing else FAILURES_THAT_OPEN):
                return
            self.has_stopped = True
            self.context.streak.end()
            # A probe that failed has opened the circuit again by claiming it.
            if self.circuit.state(self.context.clock()) is CircuitState.CLOSED and self._open():
                logger.warning("circuit opened", failure=getattr(outcome, "reason", None))
                count("CircuitOpen")

    def _open(self) -> bool:
        """False when another worker was faster."""
        try:
            self.context.circuits.open(self.circuit, self.circuit.open(self.context.clock()))
        except ConcurrentUpdate:
            return False
        return True

    def _close(self) -> None:
        if self.circuit.open_until is not None:
            self.context.circuits.close()
            self.circuit = self.circuit.close()
            logger.info("circuit closed")
