"""The authorities that are shipped: those of RDS in every region and of RDS Proxy, all valid."""

import ssl
import time
from pathlib import Path

import pytest

from scripts.amazon_certificates import BUNDLES, make_bundle

YEAR_SECONDS = 365 * 24 * 3600
OF_RDS_PROXY = ("Amazon Root CA 1", "Amazon Root CA 2", "Amazon Root CA 3", "Amazon Root CA 4")


def authorities(bundle: Path) -> dict[str, float]:
    """When each authority of a bundle expires, in seconds since 1970, by its common name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(bundle)
    return {
        dict(name[0] for name in authority["subject"] if isinstance(name[0], tuple)).get(
            "commonName", ""
        ): ssl.cert_time_to_seconds(str(authority["notAfter"]))
        for authority in context.get_ca_certs()
        if isinstance(authority["subject"], tuple)
    }


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.parts[-4])
def test_no_authority_expires_within_a_year(bundle: Path) -> None:
    soon = time.time() + YEAR_SECONDS
    assert [name for name, expires in authorities(bundle).items() if expires < soon] == []


def test_rds_of_every_key_type_and_rds_proxy_are_among_them() -> None:
    names = authorities(BUNDLES[0])
    of_rds = {f"Amazon RDS eu-west-1 Root CA {key} G1" for key in ("RSA2048", "RSA4096", "ECC384")}
    assert of_rds | set(OF_RDS_PROXY) <= set(names)
    regions = {name.split()[2] for name in names if name.startswith("Amazon RDS ")}
    assert {"us-east-1", "ap-southeast-2", "sa-east-1"} <= regions


def test_the_functions_and_the_connector_ship_the_same_bundle() -> None:
    first, second = BUNDLES
    assert first.read_bytes() == second.read_bytes()


def test_the_bundle_is_what_the_script_makes_of_it() -> None:
    bundle = BUNDLES[0].read_text()
    assert make_bundle(bundle + bundle, now=time.time()) == bundle


def test_an_expired_authority_is_left_out() -> None:
    bundle = BUNDLES[0].read_text()
    in_2039 = ssl.cert_time_to_seconds("Jan  1 00:00:00 2039 GMT")
    later = make_bundle(bundle, now=in_2039)
    assert "Amazon Root CA 1" in bundle
    assert "Amazon Root CA 1" not in later
    assert "Amazon RDS eu-west-1 Root CA RSA2048 G1" in later
