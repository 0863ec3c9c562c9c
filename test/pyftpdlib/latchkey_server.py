"""A plugin for pytest: pyftpdlib's functional tests, played against a server that runs already.

The tests share a folder with their server, and look there for what it did. Here that folder is the vault, mounted.
"""

import builtins
import contextlib
import os
import types

import pytest
from pyftpdlib.handlers import FTPHandler

from not_applicable import NOT_APPLICABLE


class RunningServer:
    """Stands where the tests start a server of their own."""

    # They take the names of commands from it.
    handler = FTPHandler

    def __init__(self, addr=None):
        self.host = os.environ["LATCHKEY_FTP_HOST"]
        self.port = int(os.environ["LATCHKEY_FTP_PORT"])

    def start(self):
        pass

    def stop(self):
        pass


@contextlib.contextmanager
def raises(expected, match=None):
    """Every server words its replies in its own way: what counts is that it refuses, and as the right kind."""
    with pytest.raises(expected) as caught:
        yield caught


class Published:
    """A file of the mounted vault. FUSE closes files behind the back of the program, so what is written is synced."""

    def __init__(self, *args, **kwargs):
        self._file = builtins.open(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self._file, name)

    def close(self):
        if not self._file.closed and self._file.writable():
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()


def touch(name):
    with Published(name, "w"):
        return name


def pytest_collection_modifyitems(items):
    import tests.test_functional as functional

    functional.USER = os.environ["LATCHKEY_FTP_USER"]
    functional.PASSWD = os.environ["LATCHKEY_FTP_PASSWORD"]
    functional.GLOBAL_TIMEOUT = 10
    functional.open = Published
    functional.touch = touch
    functional.pytest = types.SimpleNamespace(raises=raises)
    known = set()
    for item in items:
        if hasattr(item.cls, "server_class"):
            item.cls.server_class = RunningServer
        name = f"{item.cls.__name__}::{item.name}"
        known.add(name)
        reason = NOT_APPLICABLE.get(name)
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
    unknown = set(NOT_APPLICABLE) - known
    if unknown:
        raise pytest.UsageError(f"no such tests: {', '.join(sorted(unknown))}")
