"""Logs and metrics. A log line carries ids, codes and durations; never a body, a token, a secret or a holding."""

from threading import Lock

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(use_rfc3339=True, utc=True, log_record_order=["level", "message"], location=None)
metrics = Metrics()
_counting = Lock()  # workers count from several threads


def count(name: str, value: int = 1) -> None:
    """Add to a counter; it is written out when the invocation ends."""
    with _counting:
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def flush_metrics() -> None:
    """Write the invocation's counters as one line; nothing when nothing was counted."""
    if metrics.metric_set:
        metrics.flush_metrics()


def frames_of(error: BaseException) -> list[str]:
    """File and line of each frame; an exception's text may quote data and stays out of the log."""
    frames = []
    trace = error.__traceback__
    while trace:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rpartition('gateway_backend/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-6:]
