"""Both networks obey what AWS does with packets: groups, ACLs, the check, addresses and routes that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.gate.rules.rule import CHANGED
from tests.lab.conftest import KINDS
from tests.lab.network.bench import EVERYBODY, NATS, Bench, make
from tests.lab.network.guards import ANYWHERE, OPEN_ACL, VPC_GROUP, WEB_GROUP, Guard, Rule
from tests.lab.network.layout import EGRESS, ENDPOINT, SSM_ENDPOINT, SSM_PUBLIC, TARGETS, VPC_CIDR

OUT = (Rule(ANYWHERE),)


@contextmanager
def guarded(
    bench: Bench, groups: dict[str, Guard] | None = None, acls: dict[str, Guard] | None = None
) -> Iterator[None]:
    bench.network.set_guards(groups, acls)
    try:
        yield
    finally:
        bench.network.set_guards(dict.fromkeys(groups or {}, VPC_GROUP), dict.fromkeys(acls or {}, OPEN_ACL))


@contextmanager
def counted(bench: Bench, rule: str) -> Iterator[None]:
    """A rule changes what becomes of at least one packet."""
    bench.network.count_rules()
    before = CHANGED[rule]
    yield
    bench.network.count_rules()
    assert CHANGED[rule] > before


def test_a_nat_whose_group_admits_the_web_only_passes_connections_and_no_ping(bench: Bench) -> None:
    def body() -> None:
        with guarded(bench, {"nat01": WEB_GROUP}), counted(bench, "N1"):
            # By source and port: the destination is none of the rule's.
            assert bench.network.reaches("backend1", TARGETS[0], 443)
            assert bench.network.reaches("backend1", TARGETS[0], 80)
            assert bench.reaching() == NATS
        assert bench.reaching() == EVERYBODY | NATS

    bench.play(body)


def test_an_inbound_rule_looks_at_the_source(bench: Bench) -> None:
    def body() -> None:
        first = bench.layout.private_subnets[0]
        inside = {host.name for host in bench.layout.backends if host.subnet == first.name}
        with guarded(bench, {"nat01": Guard((Rule(first.cidr),), OUT)}):
            assert bench.reaching() == inside | NATS

    bench.play(body)


def test_answers_need_no_rule_and_whoever_is_not_admitted_hears_nothing(bench: Bench) -> None:
    def body() -> None:
        closed = Guard((), OUT)
        nat, backend = bench.layout.nats[0], bench.layout.backends[0]
        with guarded(bench, {backend.name: closed}):
            assert bench.network.reaches(backend.name, TARGETS[0])
            assert bench.network.reaches(backend.name, nat.address)
            assert not bench.network.reaches(nat.name, backend.address)
        assert bench.network.reaches(nat.name, backend.address)

    bench.play(body)


def test_groups_stand_between_hosts_of_one_subnet_too(bench: Bench) -> None:
    def body() -> None:
        first, second = bench.layout.nats
        with guarded(bench, {second.name: Guard((), OUT)}):
            assert not bench.network.reaches(first.name, second.address)
            assert bench.network.reaches(second.name, first.address)
        assert bench.network.reaches(first.name, second.address)

    bench.play(body)


@pytest.mark.parametrize("whose", ["backend1", "nat01"])
def test_an_outbound_rule_looks_at_the_destination(bench: Bench, whose: str) -> None:
    def body() -> None:
        only = Guard((Rule(VPC_CIDR),), (Rule(VPC_CIDR), Rule(f"{TARGETS[0]}/32")))
        with guarded(bench, {whose: only}):
            assert bench.network.reaches("backend1", TARGETS[0])
            assert not bench.network.reaches("backend1", TARGETS[1])

    bench.play(body)


def test_a_tracked_connection_outlives_the_rule_that_admitted_it(bench: Bench) -> None:
    def body() -> None:
        path = bench.network.path("backend1", SSM_PUBLIC)
        assert bench.network.carries("backend1", SSM_PUBLIC, path)
        with guarded(bench, {"nat01": Guard((), OUT)}):
            assert not bench.network.reaches("backend1", SSM_PUBLIC, 443)
            assert bench.network.carries("backend1", SSM_PUBLIC, path)

    bench.play(body)


def test_the_endpoint_admits_whom_its_group_does(bench: Bench) -> None:
    def body() -> None:
        first = bench.layout.private_subnets[0]
        agents = Guard((Rule(first.cidr, "tcp", 443, 443),), ())
        inside, outside = (
            next(host.name for host in bench.layout.backends if (host.subnet == first.name) is there)
            for there in (True, False)
        )
        with guarded(bench, {ENDPOINT: agents}), counted(bench, "N1"):
            assert bench.network.reaches(inside, SSM_ENDPOINT, 443)
            assert not bench.network.reaches(inside, SSM_ENDPOINT, 80)
            assert not bench.network.reaches(outside, SSM_ENDPOINT, 443)
            assert not bench.network.reaches("nat01", SSM_ENDPOINT, 443)
        assert bench.network.reaches("nat01", SSM_ENDPOINT, 443)

    bench.play(body)


@pytest.mark.parametrize(
    ("acl", "passes"),
    [
        (Guard((Rule(ANYWHERE),), (Rule(ANYWHERE, "tcp", 443, 443),)), True),
        # It keeps no state: the answer needs an entry of its own, for the port that the host speaks from.
        (Guard((Rule(ANYWHERE, "tcp", 443, 443),), (Rule(ANYWHERE),)), False),
        (Guard((Rule(ANYWHERE, "tcp", 1024, 65535),), (Rule(ANYWHERE),)), True),
        # The first entry that fits decides.
        (Guard((Rule(ANYWHERE),), (Rule(f"{TARGETS[0]}/32", allows=False), Rule(ANYWHERE))), False),
        (Guard((Rule(ANYWHERE),), (Rule(ANYWHERE), Rule(f"{TARGETS[0]}/32", allows=False))), True),
        (Guard((), ()), False),
    ],
    ids=["open", "no-way-back", "way-back", "denied-first", "allowed-first", "empty"],
)
@pytest.mark.parametrize("where", ["private", "public"])
def test_the_acl_of_a_subnet_sees_every_packet_by_itself(bench: Bench, acl: Guard, passes: bool, where: str) -> None:
    layout = bench.layout
    subnet = layout.private_subnets[0] if where == "private" else layout.public_subnet
    host = next(h.name for h in (*layout.backends, *layout.nats) if h.subnet == subnet.name)

    def body() -> None:
        with guarded(bench, acls={subnet.name: acl}):
            assert bench.network.reaches(host, TARGETS[0], 443) is passes
            if where == "private" and not passes:
                with counted(bench, "N2"):
                    assert not bench.network.reaches(host, TARGETS[0], 443)
                assert bench.network.reaches(layout.backends[1].name, TARGETS[0], 443)
        assert bench.network.reaches(host, TARGETS[0], 443)

    bench.play(body)


def test_what_stays_in_a_subnet_is_none_of_its_acl_s(bench: Bench) -> None:
    def body() -> None:
        first, second = bench.layout.nats
        with guarded(bench, acls={bench.layout.public_subnet.name: Guard((), ())}):
            assert bench.network.reaches(first.name, second.address)
            assert not bench.network.reaches(first.name, TARGETS[0])

    bench.play(body)


def test_a_nat_with_its_check_on_forwards_nothing_and_is_well_itself(bench: Bench) -> None:
    def body() -> None:
        bench.network.set_guards(checks={"nat01": True})
        try:
            with counted(bench, "N3"):
                assert bench.reaching() == NATS
            assert bench.network.reaches("backend1", bench.layout.nats[0].address)
        finally:
            bench.network.set_guards(checks={"nat01": False})
        assert bench.reaching() == EVERYBODY | NATS

    bench.play(body)


def test_only_a_host_whose_check_is_off_can_forge_a_source(bench: Bench) -> None:
    def body() -> None:
        liar, victim, reader = bench.layout.backends[0], bench.layout.backends[1], bench.layout.nats[1]
        with counted(bench, "N3"):
            assert not bench.network.forges(liar.name, victim.address, reader.address)
        bench.network.set_guards(checks={liar.name: False})
        try:
            assert bench.network.forges(liar.name, victim.address, reader.address)
        finally:
            bench.network.set_guards(checks={liar.name: True})

    bench.play(body)


def test_packets_for_a_stopped_nat_vanish(bench: Bench) -> None:
    def body() -> None:
        bench.network.stop("nat01")
        try:
            with counted(bench, "N7"):
                assert bench.reaching() == {"nat02"}
        finally:
            bench.network.start("nat01")
        assert bench.reaching() == EVERYBODY | NATS

    bench.play(body)


@pytest.mark.parametrize("picks_up", [True, False], ids=["carried-on", "dropped"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_that_goes_another_way_under_the_same_address_lives_on_or_does_not(
    kind: str, picks_up: bool
) -> None:
    bench = make(kind, picks_up=picks_up)

    def body() -> None:
        network, host = bench.network, bench.layout.backends[0]
        network.set_public("nat01", EGRESS)
        path = network.path(host.name, SSM_PUBLIC)
        assert network.carries(host.name, SSM_PUBLIC, path)
        with counted(bench, "N4"):
            network.associate(host.subnet, "standby")
            network.set_public("nat01", None)
            network.set_public("nat02", EGRESS)
            assert network.carries(host.name, SSM_PUBLIC, path) is picks_up
        assert network.reaches(host.name, SSM_PUBLIC, 443)

    try:
        bench.set_up()
        bench.play(body)
    finally:
        bench.network.close()
