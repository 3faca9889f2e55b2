"""What holds for the whole test run."""

from __future__ import annotations

import signal
from contextlib import ExitStack

import pytest

from tests import warm

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A job in the background ignores Ctrl-C, and so would the programs that the tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """One server of warm interpreters for all processes of a test run, which inherit its variable."""
    if not hasattr(config, "workerinput"):
        stack = ExitStack()
        stack.enter_context(warm.serving())
        config.add_cleanup(stack.close)
