"""Which servers may be talked to, however their address is written."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.domain.errors import ConfigError
from nightshift.services.addresses import check_server, is_forbidden, origin, resolve

LINK_LOCAL = IPv4Network("169.254.0.0/16")
METADATA = "169.254.169.254"


def nowhere(_: str) -> list[str]:
    return []


@pytest.mark.parametrize(
    "written",
    [
        METADATA,
        "2852039166",  # the same as one number
        "0xA9FEA9FE",
        "0251.0376.0251.0376",  # octal
        "169.254.43518",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[::169.254.169.254]",
        "[64:ff9b::169.254.169.254]",
        "[2002:a9fe:a9fe::1]",  # 6to4
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
    ],
)
def test_a_metadata_service_is_refused_in_every_spelling(written: str) -> None:
    with pytest.raises(ConfigError, match=r"LABEL_STUDIO_URL: .* where clouds keep a machine's credentials"):
        check_server("LABEL_STUDIO_URL", f"http://{written}:8080/api")


def test_a_name_that_leads_there_is_refused_even_among_harmless_addresses() -> None:
    def two_faced(_: str) -> list[str]:
        return ["203.0.113.7", METADATA]

    with pytest.raises(ConfigError, match=METADATA):
        check_server("MLFLOW_TRACKING_URI", "https://harmless.example", two_faced)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost", "https://10.1.2.3", "http://192.168.0.9:80"],
)
def test_loopback_and_private_networks_are_allowed_since_teams_run_there(url: str) -> None:
    assert check_server("AWS_ENDPOINT_URL_S3", url) == url


@pytest.mark.parametrize(
    "url",
    [
        "", "file:///etc/passwd", "ftp://host", "gopher://host", "//host", "host:80", "http://", "http:///path",
        "http://host:0", "http://host:99999", "http://ho st", "http://host\\@other", "http://host\r\nX: y", "http://[::1",
    ],
)  # fmt: skip
def test_what_is_no_http_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"it is no http\(s\) address\. Set it to"):
        check_server("MLFLOW_TRACKING_URI", url, nowhere)


@given(st.integers(0, 2**32 - 1))
def test_wrapping_an_address_never_changes_whether_it_is_refused(number: int) -> None:
    plain = IPv4Address(number)
    refused = is_forbidden(str(plain))
    assert refused >= (plain in LINK_LOCAL)
    high, low = number >> 16, number & 0xFFFF
    for wrapped in (f"::ffff:{plain}", f"64:ff9b::{high:x}:{low:x}", f"2002:{high:x}:{low:x}::1"):
        assert is_forbidden(wrapped) == refused


@given(st.integers(0, 2**16 - 1))
def test_every_link_local_address_is_refused_in_every_form_the_resolver_knows(low: int) -> None:
    number = (169 << 24) + (254 << 16) + low
    forms = (str(number), hex(number), str(ip_address(number)))
    assert all(is_forbidden(each) for form in forms for each in resolve(form))
    assert all(resolve(form) for form in forms)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_configuration_error(url: str) -> None:
    with suppress(ConfigError):
        assert check_server("X", url, nowhere).lower().startswith("http")


def test_one_server_is_one_scheme_host_and_port() -> None:
    assert origin("http://Host/a") == origin("http://host:80/b?c") == origin("http://host./")
    assert origin("https://host/") != origin("http://host/") != origin("http://host:81/")
    assert origin("http://host/") != origin("http://host.evil/")
