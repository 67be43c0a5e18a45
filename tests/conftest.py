"""What holds for every test: strict invariants, loopback only, reproducible examples."""

import ipaddress
import os
import sys

import pytest
from hypothesis import HealthCheck, settings

from tandem.core import bug

bug.strict = True

settings.register_profile(
    "dev", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True)
settings.register_profile("deep", parent=settings.get_profile("dev"), max_examples=5000)
_environment = os.environ  # noqa: TID251 - the test process's own
settings.load_profile(
    _environment.get("HYPOTHESIS_PROFILE", "ci" if "CI" in _environment else "dev")
)

_LATE = ("e2e", "faults")


def _refuse_foreign_addresses(event: str, arguments: tuple[object, ...]) -> None:
    """Fail a test that would speak to anything but this machine."""
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = str(arguments[1][0])
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        raise AssertionError(f"a test tried to reach {host}")


sys.addaudithook(_refuse_foreign_addresses)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what starts processes last: a broken core should fail in the first second."""
    items.sort(key=lambda item: any(f"/{part}/" in str(item.path) for part in _LATE))
