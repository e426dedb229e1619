"""Which servers may be talked to: http(s) ones, never the addresses at which clouds keep a machine's own credentials.

An address is judged by where it leads, not by how it is written: decimal and hexadecimal forms, IPv6 in all its
wrappings and names are resolved first. Loopback and private networks are allowed: teams run their servers there.
Knows no client; does not know where a name will lead in a minute.
"""

import re
import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from nightshift.domain.errors import ConfigError

Resolve = Callable[[str], Iterable[str]]  # host → IP addresses; none where nobody knows it
Address = IPv4Address | IPv6Address
DEFAULT_PORTS = {"http": 80, "https": 443}
FORBIDDEN = tuple(
    ip_network(each)
    for each in (
        "169.254.0.0/16",  # link-local: AWS, Azure, Google, OpenStack
        "fe80::/10",  # link-local
        "fd00:ec2::/32",  # AWS over IPv6
        "fd20:ce::/32",  # Google over IPv6
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure's wire server
        "192.0.0.192/32",  # Oracle, formerly
    )
)
WRAPPED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))  # IPv4 in the last 32 bits
REMEDY = "Set it to the http:// or https:// address of your own server."


def resolve(host: str) -> list[str]:
    """The IP addresses of a host, as the system's resolver gives them to every client."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []  # whoever connects will hear of it
    return [str(each[4][0]) for each in found]


def check_server(subject: str, url: str, resolve: Resolve = resolve) -> str:
    """The URL itself, if a server may be there.

    Args:
        subject: what said so, such as the variable's name.
        url: of the server.
        resolve: host → IP addresses.

    Raises:
        ConfigError: it is not http(s), or leads to an address that nobody should be sent to.
    """
    parts = _parts(subject, url)
    host = parts.hostname or ""
    bad = [each for each in resolve(host) if is_forbidden(each)]
    if bad:
        reason = f"{host} leads to {bad[0]}, where clouds keep a machine's credentials"
        raise ConfigError(subject, reason, REMEDY)
    return url


def is_forbidden(address: str) -> bool:
    """Whether an IP address is link-local or a cloud's metadata service, in any wrapping."""
    try:
        found: Address = ip_address(address.partition("%")[0])
    except ValueError:
        return True  # a resolver gives addresses; whatever this is, nobody connects to it
    return any(each in network for each in _meanings(found) for network in FORBIDDEN)


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what two addresses must share to be the same server."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or DEFAULT_PORTS.get(parts.scheme)


def no_login(subject: str, url: str) -> str:
    """The URL itself, if it carries neither a name nor a password: addresses are shown and kept in many places.

    Raises:
        ConfigError: it carries one.
    """
    if "@" in urlsplit(url).netloc:
        raise ConfigError(subject, "it carries a login", "Leave that out of the address.")
    return url


def without_login(text: str) -> str:
    """An address, or a sentence with addresses, as it may be shown: a user's name and password left out."""
    return re.sub(r"(?<=://)[^/@\s\"']+@", "", text)


def _parts(subject: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or any(each in url for each in "\\\r\n\t\0 "):
        raise ConfigError(subject, "it is no http(s) address", REMEDY)
    return parts


def _meanings(address: Address) -> list[Address]:
    """The address, and the IPv4 address that it wraps: mapped, compatible, translated, 6to4 or Teredo."""
    if isinstance(address, IPv4Address):
        return [address]
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in WRAPPED):
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [address, *(each for each in inner if each)]
