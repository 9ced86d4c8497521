"""Cards of nobody, made with the openssl command: files, and tokens of a reader in software."""

import datetime
import os
import pathlib
import subprocess
import textwrap

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "4649"
WRONG_PIN = "1111"
SO_PIN = "12345678"

KEYS = {
    "RS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ES384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "P-521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "Ed25519": ["-algorithm", "ED25519"],
}


def run(*words, data=None, env=None):
    done = subprocess.run(words, input=data, capture_output=True, check=False, timeout=60,
                          env={**os.environ, **(env or {})})
    assert done.returncode == 0, (words, done.stderr.decode())
    return done.stdout


class Card:
    """A private key and its certificate; `file` holds both, the key first."""

    def __init__(self, folder, algorithm="RS256", usage="digitalSignature", first=None, last=None):
        """`first` and `last` are moments (notBefore, notAfter); else it is valid for years."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        now = datetime.datetime.now(datetime.timezone.utc)
        first, last = first or now - datetime.timedelta(days=700), last or now + datetime.timedelta(days=1000)
        self.key = self.folder / "key.pem"
        self.certificate = self.folder / "certificate.pem"
        self.file = self.folder / "card.pem"
        run("openssl", "genpkey", *KEYS[algorithm], "-out", str(self.key))
        request = self.folder / "request.pem"
        run("openssl", "req", "-new", "-key", str(self.key), "-subj", "/C=JP/CN=0000", "-out", str(request))
        self._sign(request, usage, first, last)
        self.file.write_bytes(self.key.read_bytes() + self.certificate.read_bytes())

    def _sign(self, request, usage, first, last):
        """By its own key: nobody here looks at the issuer. `openssl ca`, because `x509` cannot make what has expired."""
        (self.folder / "index").write_text("")
        config = self.folder / "ca.conf"
        config.write_text(textwrap.dedent(f"""\
            [ca]
            default_ca = own
            [own]
            database = {self.folder}/index
            new_certs_dir = {self.folder}
            rand_serial = yes
            default_md = sha256
            policy = any
            x509_extensions = leaf
            [any]
            commonName = supplied
            [leaf]
            basicConstraints = CA:FALSE
            keyUsage = critical, {usage}
            """))
        run("openssl", "ca", "-batch", "-selfsign", "-notext", "-config", str(config), "-keyfile", str(self.key),
            "-in", str(request), "-out", str(self.certificate),
            "-startdate", first.strftime("%Y%m%d%H%M%SZ"), "-enddate", last.strftime("%Y%m%d%H%M%SZ"))

    def der(self):
        return run("openssl", "x509", "-in", str(self.certificate), "-outform", "DER")

    def secrets(self):
        """Lines of an RSA key as they stand in the file, without the first ones: the modulus is in the certificate too."""
        lines = [line for line in self.key.read_text().splitlines() if not line.startswith("-----")]
        assert len(lines) > 20
        return lines[10:-1]


def signature_holds(certificate, algorithm, text, signature, folder):
    """Whether the signature (ECDSA as DER) over the text is by the key of the certificate (DER), by the openssl command."""
    folder = pathlib.Path(folder)
    public, signed = folder / "public.pem", folder / "signature"
    public.write_bytes(run("openssl", "x509", "-inform", "DER", "-pubkey", "-noout", data=certificate))
    kind = run("openssl", "pkey", "-pubin", "-in", str(public), "-text", "-noout").decode()
    wanted = {"RS256": "Modulus:", "ES256": "NIST CURVE: P-256", "ES384": "NIST CURVE: P-384"}[algorithm]
    signed.write_bytes(signature)
    done = subprocess.run(
        ["openssl", "dgst", "-sha384" if algorithm == "ES384" else "-sha256", "-verify", str(public),
         "-signature", str(signed)], input=text, capture_output=True, check=False, timeout=60)
    return wanted in kind and done.returncode == 0


class Reader:
    """A reader in software (SoftHSM), whose tokens lie in a folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "tokens").mkdir(parents=True)
        config = self.folder / "softhsm2.conf"
        config.write_text(f"directories.tokendir = {self.folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.env = {"SOFTHSM2_CONF": str(config)}

    def put_token(self, label="JPKI"):
        run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", PIN, env=self.env)

    def put_card(self, card, label="JPKI", number="01", key=True, certificate=True, always_authenticate=False):
        """On a token that is there. The key is another card's when `key` is one."""
        if key:
            der = self.folder / "key.der"
            owner = card if key is True else key
            der.write_bytes(run("openssl", "pkey", "-in", str(owner.key), "-outform", "DER"))
            self._write(label, number, "privkey", der, *(["--always-auth"] if always_authenticate else []))
            der.write_bytes(run("openssl", "pkey", "-in", str(owner.key), "-pubout", "-outform", "DER"))
            self._write(label, number, "pubkey", der)
        if certificate:
            der = self.folder / "certificate.der"
            der.write_bytes(card.der())
            self._write(label, number, "cert", der)

    def _write(self, label, number, kind, file, *more):
        run("pkcs11-tool", "--module", MODULE, "--token-label", label, "--login", "--pin", PIN, "--write-object",
            str(file), "--type", kind, "--id", number, "--label", kind + number, *more, env=self.env)


def module_with_tries(folder):
    """A module that tells of the tries that are left (TRIES_FLAGS, LOGIN_RETURNS), around SoftHSM."""
    source = pathlib.Path(__file__).with_name("module_with_tries.c")
    module = pathlib.Path(folder) / "module_with_tries.so"
    run("gcc", "-std=c11", "-Wall", "-shared", "-fPIC", "-o", str(module), str(source))
    return str(module)
