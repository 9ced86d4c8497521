"""The demonstration's cards, made by demo/pki and demo/cards as `make run` does it."""

import json
import os
import pathlib
import signal
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from support.cards import Card
from support.database import NOW, TODAY
from support.programs import ROOT, SHIKAKUD, environment


def read_list():
    """demo/cards.list: {file: {person, issuer, key, dates, on_list, service, state}}"""
    fields = ("file", "person", "issuer", "key", "dates", "on_list", "service", "state")
    lines = (ROOT / "demo" / "cards.list").read_text(encoding="utf-8").splitlines()
    rows = (dict(zip(fields, line.split(), strict=True)) for line in lines if line and not line.startswith("#"))
    return {row.pop("file"): row for row in rows}


class DemoCards:
    """The files in a folder, and what a database knows of them.

        demo = DemoCards(tmp_path / "demo", database)     # as of TODAY
        service = Service(database, **demo.settings)
        desk.post({"presented": demo.card("taro").presented(challenge)})
    """

    def __init__(self, folder, database=None, today=TODAY, now=NOW):
        self.folder = pathlib.Path(folder)
        self.database = database
        self.make(today, now)

    def make(self, today=TODAY, now=NOW):
        """As at every `make run`."""
        self.run_pki(today)
        if self.database is not None:
            self._run(ROOT / "demo" / "cards", self.folder, DATABASE_URL=self.database.url("shikaku_service"),
                      MIGRATE_URL=self.database.url("shikaku_owner"), SHIKAKUD=SHIKAKUD, SHIKAKU_NOW=now, SHIKAKU_ALLOW_FIXED_CLOCK=1)

    def run_pki(self, today=TODAY):
        self._run(ROOT / "demo" / "pki", self.folder, today)

    def _run(self, *words, **variables):
        done = subprocess.run([str(word) for word in words], env=environment(**variables), capture_output=True, text=True, timeout=300)
        if done.returncode != 0 or done.stdout or done.stderr:
            raise RuntimeError(f"{words[0]} {done.returncode}: {done.stdout}{done.stderr}")

    def kill_pki(self, when, today=TODAY):
        """Starts it, and kills it with all that it started as soon as when() is true (or it has ended)."""
        run = subprocess.Popen([str(ROOT / "demo" / "pki"), str(self.folder), today], env=environment(), start_new_session=True)
        while run.poll() is None and not when():
            pass
        try:
            os.killpg(run.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        run.wait()

    def file(self, name):
        return self.folder / "cards" / f"{name}.pem"

    def card(self, name):
        """With its key: that takes a tenth of a second, because cryptography checks it."""
        return Card.read(self.file(name))

    def certificate(self, name):
        return x509.load_pem_x509_certificate(self.file(name).read_bytes())

    def digest(self, name):
        """As shikaku.cards.certificate_digest."""
        return self.certificate(name).fingerprint(hashes.SHA256())

    def index(self):
        return json.loads(self.database.script(ROOT / "demo" / "index.sql"))

    @property
    def settings(self):
        """For Service(): whom it trusts."""
        pki = self.folder / "pki"
        return {"card_anchors": pki / "anchors" / "card", "phone_anchors": pki / "anchors" / "phone",
                "signing_anchors": pki / "anchors" / "signing", "crls": pki / "crls"}
