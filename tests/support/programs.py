"""The two programs under test, and what must be undone when the tests end in whatever way."""

import atexit
import os
import pathlib
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIKAKUD = pathlib.Path(os.environ.get("SHIKAKUD") or ROOT / "build" / "release" / "shikakud").resolve()
TERMINAL = pathlib.Path(os.environ.get("TERMINAL") or ROOT / "build" / "release" / "shikaku-terminal").resolve()

_to_close = []


def close_at_exit(thing):
    """thing.close() is called when the interpreter ends, last come first, unless it was forgotten meanwhile."""
    _to_close.append(thing)


def forget(thing):
    if thing in _to_close:
        _to_close.remove(thing)


def may_look_into(process_id):
    """Whether we may: a service keeps its memory and its descriptors to itself, and only root sees them."""
    return os.access(f"/proc/{process_id}/fd", os.R_OK)


@atexit.register
def _close_all():
    while _to_close:
        thing = _to_close.pop()
        try:
            thing.close()
        except Exception as error:  # the others must be closed too
            print(f"{thing}: {error}", file=sys.stderr)


def end_politely_on_term():
    """TERM ends the tests as Ctrl-C does, so that nothing they started is left behind."""

    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def environment(**changes):
    """Ours without any setting of the service or the terminal, so that only what a test says counts."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("SHIKAKU", "PG", "DATABASE_URL", "MIGRATE_"))}
    return {**kept, **{name: str(value) for name, value in changes.items() if value is not None}}


def settings(**values):
    """Settings as environment variables: loops=2 is SHIKAKU_LOOPS=2. `now` also allows the fixed clock."""
    if values.get("now"):
        values.setdefault("allow_fixed_clock", 1)
    return {"SHIKAKU_" + name.upper(): value for name, value in values.items()}


def shikakud(*words, database=None, timeout=60, **values):
    """Runs `shikakud words...` with these settings; the completed process, with text."""
    url = database.url("shikaku_service") if database is not None else None
    return subprocess.run([str(SHIKAKUD), *map(str, words)], env=environment(DATABASE_URL=url, **settings(**values)), cwd="/",
                          capture_output=True, text=True, timeout=timeout)


def terminal(*words, url=None, token_file=None, timeout=60):
    """Runs `shikaku-terminal words...`; the completed process, with text."""
    return subprocess.run([str(TERMINAL), *map(str, words)], env=environment(SHIKAKU_URL=url, SHIKAKU_TOKEN_FILE=token_file),
                          cwd="/", capture_output=True, text=True, timeout=timeout)
