"""Invented cards: certification authorities, certificates, revocation lists and signatures, made in this process.

    ca = CA("C=JP, O=JPKI-TEST, OU=JPKI for user authentication, OU=Tests")
    card = ca.card()                                       # a key and its certificate, valid in 2026
    phone = ca.card(ec_key("P-256"), serial=7, not_after=datetime.datetime(2026, 11, 21, tzinfo=JAPAN))
    (folder / "card.pem").write_bytes(ca.pem)              # an anchor
    (folder / "card.crl").write_bytes(ca.crl([(card.serial, "keyCompromise")]))
    (folder / "taro.pem").write_bytes(card.pem)            # private key, then certificate
    desk.post({"presented": card.presented(challenge)})

`certificate`, `key` and extensions are those of the package cryptography, so that whatever is missing here can be said there.
Times without a zone are UTC. Keys of RSA take a tenth of a second each, so they are made once a process: rsa_key(0), rsa_key(1)."""

import base64
import datetime
import functools
import hashlib
import itertools
import pathlib
import secrets

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID

from support.database import NOW

JAPAN = datetime.timezone(datetime.timedelta(hours=9))
CARD_POLICY = "1.2.392.200149.8.5.1.3.30"     # user authentication (利用者証明用)
SIGNING_POLICY = "1.2.392.200149.8.5.1.1.20"  # signing (署名用), as in this project's examples
_now = datetime.datetime.fromisoformat(NOW)
_years = datetime.timedelta(days=365)

_attributes = {"C": NameOID.COUNTRY_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
               "L": NameOID.LOCALITY_NAME, "ST": NameOID.STATE_OR_PROVINCE_NAME, "CN": NameOID.COMMON_NAME}
_curves = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
_hashes = {"RS256": hashes.SHA256, "ES256": hashes.SHA256, "ES384": hashes.SHA384}
_usages = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
           "crl_sign", "encipher_only", "decipher_only")


@functools.lru_cache(None)
def rsa_key(number=0, bits=2048):
    """The same key for the same number, for as long as the process lives."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def ec_key(curve="P-256"):
    """A new key; curves P-256, P-384, P-521."""
    return ec.generate_private_key(_curves[curve]())


def name(attributes):
    """A distinguished name, in the order of the text: "C=JP, O=JPKI-TEST, CN=1"."""
    if isinstance(attributes, x509.Name):
        return attributes
    pairs = (pair.split("=", 1) for pair in attributes.split(", "))
    return x509.Name([x509.NameAttribute(_attributes[key], value) for key, value in pairs])


def key_usage(*names):
    """As cryptography's KeyUsage, but naming only what is true: key_usage("digital_signature")."""
    unknown = set(names) - set(_usages)
    assert not unknown, unknown
    return x509.KeyUsage(**{usage: usage in names for usage in _usages})


def key_identifier(key):
    """The subjectKeyIdentifier that is usual for a key: the SHA-1 of its bits."""
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest


def pem(der, label):
    """DER as PEM, also of what is damaged."""
    body = base64.encodebytes(der).replace(b"\n", b"")
    lines = b"\n".join(body[at:at + 64] for at in range(0, len(body), 64))
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (label.encode(), lines, label.encode())


class CA:
    """A certification authority. Its own certificate is self-signed unless `issued_by` names another CA; changes are those of
    issue(). Two of them with one name and different keys are two generations (R5.2)."""

    _numbers = itertools.count(1000)  # keys of RSA apart from those of cards

    def __init__(self, name_attributes="C=JP, O=JPKI-TEST, OU=JPKI for user authentication, OU=Shikaku Tests", key=None,
                 issued_by=None, **changes):
        self.name = name(name_attributes)
        self.key = key or rsa_key(next(self._numbers))
        self.key_identifier = key_identifier(self.key)
        told = {"subject": self.name, "ca": True, "key_usage": ("key_cert_sign", "crl_sign"), "policies": None,
                "not_before": _now - 12 * _years, "not_after": _now + 20 * _years, **changes}
        self.certificate = (issued_by or self).issue(self.key, **told)

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def issue(self, key, serial=None, not_before=None, not_after=None, policies=(CARD_POLICY,), key_usage=("digital_signature",),
              ca=False, subject=None, issuer=None, authority_key_identifier=None, subject_key_identifier=None,
              algorithm=None, signed_by=None, extra=()):
        """A certificate for the key. policies, key_usage: None leaves the extension out. ca: None leaves basicConstraints out.
        authority_key_identifier: bytes, or False for none. algorithm: a hash of cryptography, SHA-256 by default.
        signed_by: another key than the CA's own. extra: extensions, or (extension, critical)."""
        builder = (x509.CertificateBuilder()
                   .subject_name(name(subject if subject is not None else f"C=JP, CN={secrets.token_hex(12)}"))
                   .issuer_name(name(issuer) if issuer is not None else self.name)
                   .public_key(key.public_key())
                   .serial_number(serial or secrets.randbits(126) + 1)
                   .not_valid_before(not_before or _now - datetime.timedelta(days=400))
                   .not_valid_after(not_after or _now + 4 * _years))
        if ca is not None:
            builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if key_usage is not None:
            builder = builder.add_extension(_key_usage(*key_usage), critical=True)
        if policies is not None:
            builder = builder.add_extension(x509.CertificatePolicies(
                [x509.PolicyInformation(x509.ObjectIdentifier(policy), None) for policy in policies]), critical=True)
        if authority_key_identifier is not False:
            builder = builder.add_extension(x509.AuthorityKeyIdentifier(authority_key_identifier or self.key_identifier, None, None),
                                            critical=False)
        if subject_key_identifier is not None or ca:
            builder = builder.add_extension(x509.SubjectKeyIdentifier(subject_key_identifier or key_identifier(key)), critical=False)
        for extension in extra:
            extension, critical = extension if isinstance(extension, tuple) else (extension, False)
            builder = builder.add_extension(extension, critical)
        return builder.sign(signed_by or self.key, algorithm or hashes.SHA256())

    def card(self, key=None, **told):
        """A card: a certificate of this CA (issue()) with its key, by default always the same one of RSA."""
        key = key or rsa_key(0)
        return Card(self.issue(key, **told), key)

    def crl(self, entries=(), this_update=None, next_update=None, number=1, authority_key_identifier=None, issuer=None,
            signed_by=None, extra=()):
        """A revocation list as DER. entries: serials, or (serial, reason), or (serial, reason, moment); a reason as in
        RFC 5280: "keyCompromise", "certificateHold", "removeFromCRL"; None for none. Current for a week from an hour before
        NOW. number None: without crlNumber. The rest as for issue()."""
        this_update = this_update or _now - datetime.timedelta(hours=1)
        builder = (x509.CertificateRevocationListBuilder()
                   .issuer_name(name(issuer) if issuer is not None else self.name)
                   .last_update(this_update)
                   .next_update(next_update or this_update + datetime.timedelta(days=7)))
        if authority_key_identifier is not False:
            builder = builder.add_extension(x509.AuthorityKeyIdentifier(authority_key_identifier or self.key_identifier, None, None),
                                            critical=False)
        if number is not None:
            builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        for extension in extra:
            extension, critical = extension if isinstance(extension, tuple) else (extension, False)
            builder = builder.add_extension(extension, critical)
        for entry in entries:
            serial, reason, moment = (*([entry] if isinstance(entry, int) else entry), None, None)[:3]
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment or this_update)
            if reason is not None:
                revoked = revoked.add_extension(x509.CRLReason(x509.ReasonFlags(reason)), critical=False)
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(signed_by or self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


_key_usage = key_usage  # issue() has a parameter of this name


class Card:
    """A certificate with the key that signs for it: a card, or a phone."""

    def __init__(self, certificate, key):
        self.certificate = certificate
        self.key = key

    @classmethod
    def read(cls, file):
        """From a file as the demonstration writes them: private key, then certificate, both PEM."""
        content = pathlib.Path(file).read_bytes()
        return cls(x509.load_pem_x509_certificate(content), serialization.load_pem_private_key(content, None))

    @property
    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self):
        """Private key, then certificate, as `shikaku-terminal check --card` reads them."""
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()) + self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def serial(self):
        return self.certificate.serial_number

    @property
    def digest(self):
        """SHA-256 of the DER: as shikaku.cards.certificate_digest."""
        return hashlib.sha256(self.der).digest()

    def sign(self, challenge, algorithm=None, raw=False):
        """(the signature as base64, its algorithm). algorithm: what fits the key by default; another one is claimed as it is
        and decides the hash. raw: r‖s for ECDSA instead of DER."""
        content = challenge.encode("utf-8") if isinstance(challenge, str) else challenge
        rsa_signs = isinstance(self.key, rsa.RSAPrivateKey)
        algorithm = algorithm or ("RS256" if rsa_signs else "ES384" if self.key.key_size == 384 else "ES256")
        digest = _hashes.get(algorithm, hashes.SHA256)()
        if rsa_signs:
            signature = self.key.sign(content, padding.PKCS1v15(), digest)
        else:
            signature = self.key.sign(content, ec.ECDSA(digest))
            if raw:
                size = (self.key.key_size + 7) // 8
                signature = b"".join(part.to_bytes(size, "big") for part in utils.decode_dss_signature(signature))
        return base64.b64encode(signature).decode(), algorithm

    def presented(self, challenge, algorithm=None, raw=False, **changes):
        """The `presented` object of a check; a change to `...` (Ellipsis) leaves a field out. A changed algorithm is signed
        by; to claim one and sign by another, change it afterwards."""
        signature, algorithm = self.sign(challenge, algorithm, raw)
        presented = {"kind": "card", "certificate": base64.b64encode(self.der).decode(),
                     "challenge": challenge if isinstance(challenge, str) else challenge.decode("utf-8", "surrogateescape"),
                     "signature": signature, "algorithm": algorithm, **changes}
        return {field: value for field, value in presented.items() if value is not ...}
