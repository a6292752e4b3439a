"""The counters that code under test adds to."""

from collections import Counter
from types import ModuleType

import pytest


def counters_of(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> Counter[str]:
    """What these modules count from now on."""
    counters: Counter[str] = Counter()

    def count(name: str, value: int = 1) -> None:
        counters[name] += value

    for module in modules:
        monkeypatch.setattr(module, "count", count)
    return counters
