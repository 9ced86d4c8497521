"""The fixtures; what they are made of has a name of its own, because other suites have a conftest too."""

from terminal_stand_in import check, service, terminal  # noqa: F401
