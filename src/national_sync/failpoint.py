"""Named points at which the tests may kill the process.

In production a failpoint does nothing. The crash tests install a hook that counts the points passed and ends the
process at one of them with SIGKILL.
"""

from __future__ import annotations

from collections.abc import Callable

_hook: Callable[[str], None] | None = None


def failpoint(name: str) -> None:
    if _hook is not None:
        _hook(name)


def install(hook: Callable[[str], None] | None) -> None:
    global _hook  # noqa: PLW0603 - one process, one hook, and only tests set it
    _hook = hook
