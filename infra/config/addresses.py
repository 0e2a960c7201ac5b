"""Kinds of values that name places: addresses, networks, host names, mail addresses."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from infra.config.kinds import Value, matching, text_of

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Who reaches these has not reached the Internet: private networks, this host, link-local, multicast, reserved.
# https://www.iana.org/assignments/iana-ipv4-special-registry/iana-ipv4-special-registry.xhtml
_NOT_OF_THE_INTERNET = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    )
)
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")


def _target(value: object) -> object:
    """Read a ping target; one whose last part is a number is an address, never a name, and one of the Internet."""
    text = text_of(value)
    if not _HOST.fullmatch(text) or len(text) > 253:
        raise ValueError(text)
    if text.rpartition(".")[2].isdigit():
        try:
            address = IPv4Address(text)
        except AddressValueError as error:
            raise ValueError(text) from error
        if any(address in network for network in _NOT_OF_THE_INTERNET):
            raise ValueError(text)
    return text


def _network(value: object) -> object:
    """Read a network in CIDR notation; a NAT that is open to the whole Internet is refused."""
    text = text_of(value)
    try:
        network = IPv4Network(text)
    except (AddressValueError, NetmaskValueError) as error:
        raise ValueError(text) from error
    if "/" not in text or network.prefixlen < 8:
        raise ValueError(text)
    return str(network)


# What a VPC's networks nearly always are; it may have others: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")

TARGET = Value("a public IPv4 address or a host name", "1.1.1.1", _target)
NETWORK = Value("an IPv4 network, /8 or smaller, with no bit set behind its prefix", "10.0.0.0/16", _network)
MAIL = matching(r"[^@\s,;<>]{1,64}@[^@\s,;<>]+\.[^@\s,;<>.]+", "a mail address", "oncall@example.com", tokens=False)
