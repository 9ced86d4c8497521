"""The service under ill treatment: what these tests ask of it beyond support.Service."""

import re
import time

from support import Service
from support.aftermath import Aftermath
from support_wire import PATIENCE, Wire, ask_once, check_request, log, request

SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")


def wait_until(condition, what, seconds=PATIENCE):
    """Polls; fails in words when it never comes true."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, f"waited {seconds} s for: {what}"
        time.sleep(0.02)
    return result


class FaultService(Service):
    """What its clients see is kept: at its end nothing of what they did may be left (support.aftermath). `aftermath` None: a test
    that breaks what would be looked at has said so."""

    def __init__(self, database, token, wait="ready", **settings):
        self.token = token
        self.killed = False
        self.seen = []
        super().__init__(database, wait, **{"loops": 2, **settings})
        self.aftermath = Aftermath(self) if wait == "ready" else None

    def wire(self, **options):
        return Wire(self.address, seen=self.seen, **options)

    def checks_seen(self):
        """The answers to checks."""
        return [answer for answer in self.seen if answer.status != 200 or b'"check_id":' in answer.body[:100]]

    def readiness(self):
        return ask_once(self.address, request(path="/readyz"))

    def wait_unready(self, seconds=PATIENCE):
        """The answer that says so."""
        return wait_until(lambda: (answer := self.readiness()).status == 503 and answer, "the service to be unready", seconds)

    def check(self, **fields):
        """One check on a connection of its own."""
        return ask_once(self.address, check_request(self.token, **fields), seen=self.seen)

    def _request(self, data, index):
        return data(index) if callable(data) else data or check_request(self.token)

    def send_many(self, count, data=None):
        """`count` connections that have asked and not read yet. `data`: bytes, or a function of the index; else checks."""
        wires = [self.wire() for _ in range(count)]
        for index, wire in enumerate(wires):
            wire.send(self._request(data, index))
        return wires

    def read_many(self, wires, data=None):
        """Their answers, in order; None where the connection ended without one."""
        answers = []
        for index, wire in enumerate(wires):
            answers.append(wire.read())
            wire.close()
            if answers[-1] is not None:
                log(self._request(data, index), answers[-1])
        return answers

    def check_many(self, count, data=None):
        return self.read_many(self.send_many(count, data), data)

    def metric(self, name, **labels):
        """The sum of the series with this name and these labels."""
        return sum(value for series, value in self.metrics().items()
                   if series.split("{")[0] == name and all(f'{label}="{wanted}"' in series for label, wanted in labels.items()))

    def kill(self):
        self.killed = True
        super().kill()

    def wait_end(self):
        """The exit code, when it ends."""
        return self.process.wait(PATIENCE)

    def end_well(self):
        """Nothing is left of what its clients did, and its end: on TERM, with exit code 0 and no word of a sanitizer, unless a test killed it or it has ended already."""
        if self.process.poll() is None and self.aftermath is not None:
            self.aftermath.check(self.checks_seen())
        code = self.stop(PATIENCE) if self.process.poll() is None else self.process.returncode
        said = self.log()
        assert not SANITIZER.search(said), said
        assert self.killed or code == 0, f"exit code {code}\n{said}"
