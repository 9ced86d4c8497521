"""The real service as a process of its own."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from support.client import raw
from support.programs import SHIKAKUD, close_at_exit, environment, forget, settings


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """`shikakud serve` on a free port. Settings as in service/base/settings.def: Service(database, loops=2, queue_max=1);
    `now` fixes the clock. wait: "ready" (/readyz says so), "alive" (it answers at all), or None. /metrics is served on
    a unix socket; the two logs go to files of their own."""

    program = SHIKAKUD
    surroundings = {}  # further variables of its environment

    def __init__(self, database, wait="ready", database_url=None, **values):
        self.database = database
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="shikaku-service-", dir="/tmp"))  # a socket's path is short
        self.metrics_socket = self.folder / "metrics.sock"
        self.log_file = self.folder / "service.log"
        self.security_log_file = self.folder / "security.log"
        self.values = {"metrics_listen": f"unix:{self.metrics_socket}", "security_log": self.security_log_file, **values}
        self.database_url = database_url or database.url("shikaku_service")
        self.process = None
        close_at_exit(self)
        try:
            self.start(wait)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, wait="ready"):
        """Starts it, also again after stop() or kill(); on another port each time unless `listen` was given."""
        for _ in range(5):  # another process may take the port between our look and the service's
            self.metrics_socket.unlink(missing_ok=True)
            if "listen" in self.values:
                self.address = self.values["listen"]
                self.port = int(self.address.rsplit(":", 1)[1]) if not self.address.startswith("unix:") else None
            else:
                self.port = free_port()
                self.address = f"127.0.0.1:{self.port}"
            told = settings(**{**self.values, "listen": self.address})
            with open(self.log_file, "ab") as log:
                self.process = subprocess.Popen([str(self.program), "serve"], cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                env=environment(DATABASE_URL=self.database_url, **told, **self.surroundings),
                                                start_new_session=True)  # Ctrl-C is for the tests, which then end it
            if wait is None or self._wait("/readyz" if wait == "ready" else "/healthz") or "listen" in self.values:
                return
        raise RuntimeError(f"the service did not start: {self.log()[-2000:]}")

    def _wait(self, path, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            if self.status(path) == 200:
                return True
            time.sleep(0.02)
        raise RuntimeError(f"{path} did not become 200: {self.log()[-2000:]}")

    def status(self, path="/readyz"):
        """The status of a GET that is not logged as an exchange; None when nobody answers."""
        request = f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode()
        try:
            answers = raw(self.address, request, timeout=5)
        except OSError:
            return None
        return answers[0].status if answers else None

    def wait_ready(self, seconds=60):
        """Returns when /readyz says 200 again."""
        if not self._wait("/readyz", seconds):
            raise RuntimeError(f"the service ended: {self.log()[-2000:]}")

    def wait_unready(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.status("/readyz") != 200:
                return
            time.sleep(0.02)
        raise RuntimeError("the service stays ready")

    def stop(self, seconds=60):
        """TERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self):
        """kill -9"""
        self.process.kill()
        self.process.wait()

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def security_log(self):
        try:
            return self.security_log_file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def metrics_text(self):
        """What /metrics says."""
        answers = raw(f"unix:{self.metrics_socket}", b"GET /metrics HTTP/1.1\r\nHost: metrics\r\nConnection: close\r\n\r\n")
        if not answers or answers[0].status != 200:
            raise RuntimeError(f"/metrics: {answers}")
        return answers[0].text

    def metrics(self):
        """{'name{label="value"}': number}"""
        lines = (line for line in self.metrics_text().splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def close(self):
        """Ends it in whatever state it is and removes its files."""
        forget(self)
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        if os.environ.get("KEEP_SERVICE_LOGS"):
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
