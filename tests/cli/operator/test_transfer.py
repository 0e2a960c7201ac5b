"""The subnets' passage by a person's hand, in the lab, where the function watches: there, back, and half-way."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from nat_failover.cli.operator.fitness import bad
from nat_failover.cli.operator.plan import Ended
from tests.cli.person import ALICE, Person, in_lab
from tests.lab.cloud.template import EGRESS_PLACE
from tests.lab.lab import Lab
from tests.lab.network.layout import EGRESS, standard_layout
from tests.lab.scenarios.handovers import under_traffic

NETWORKS = ["simulated", pytest.param("namespaces", marks=pytest.mark.namespaces)]


def record(lab: Lab) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(lab.cloud.lock_text() or "{}")
    return fields


def all_on(lab: Lab, table: str) -> bool:
    return set(lab.cloud.protected().values()) == {table}


def longest(lab: Lab, since: float) -> float:
    """Give the longest outage of any backend since then; one that has not ended fails the test."""
    outages = [lab.pinger.outage(host, since) for host in lab.backends]
    assert None not in outages, outages
    return max(outage for outage in outages if outage is not None)


@in_lab()
def test_a_failback_moves_one_subnet_first_asks_its_backends_and_then_moves_the_rest(lab: Lab, alice: Person) -> None:
    assert alice.fails_over().ended is Ended.DONE
    assert all_on(lab, lab.cloud.standby_table)
    lab.gateway.replaced_at.clear()
    begun = lab.world.now()
    passed = alice.follows(alice.looks_ahead())
    assert passed.ended is Ended.DONE
    assert all_on(lab, lab.cloud.primary_table)
    assert sorted(passed.moved) == sorted(lab.cloud.subnets[s.name] for s in lab.network.layout.private_subnets)
    assert len(passed.online) == len(passed.backends) == 6
    first, *rest = lab.gateway.replaced_at
    assert len(rest) == 2
    assert min(rest) - first > 1.0  # its backends were asked in between
    assert max(rest) - min(rest) < 1.0  # and the others went together
    lab.wait(2)
    assert longest(lab, begun) < 1.0
    fields = record(lab)
    assert (fields["state"], fields["owner"]) == ("failed-over", ALICE)
    assert fields["to"] == lab.cloud.primary_table
    assert fields["reason"] == f"failback by hand: {ALICE}"
    assert "6 of 6 backends online" in fields["outcome"]
    assert len(fields["subnets"]) == 3
    # The function leaves it alone, and goes on when it is armed.
    lab.wait(130)
    assert all_on(lab, lab.cloud.primary_table)
    assert [i.error for i in lab.functions.invocations if i.error] == []


@pytest.mark.parametrize("network", NETWORKS)
@in_lab()
def test_a_failover_and_a_failback_by_hand_lose_no_ping_and_no_new_connection(
    lab: Lab, alice: Person, network: str
) -> None:
    del network
    begun = lab.world.now()

    def there_and_back(_: Lab) -> None:
        assert alice.fails_over().ended is Ended.DONE
        assert alice.follows(alice.looks_ahead()).ended is Ended.DONE

    under_traffic(there_and_back, 3)(lab)
    assert all_on(lab, lab.cloud.primary_table)
    assert longest(lab, begun) == 0.0
    assert len(lab.connected) > 100
    assert lab.connected.count(False) == 0


@in_lab()
def test_both_nats_are_renewed_one_after_the_other_and_nobody_is_offline(lab: Lab, alice: Person) -> None:
    """The sequence of infra/MIGRATION.md, updates: each NAT is down while the other is active."""
    begun = lab.world.now()
    _renewed(lab, "nat02")
    assert bad(list(alice.looks_ahead("failover").checks)) == []
    assert alice.fails_over().ended is Ended.DONE
    _renewed(lab, "nat01")
    assert bad(list(alice.looks_ahead().checks)) == []
    assert alice.follows(alice.looks_ahead()).ended is Ended.DONE
    assert all_on(lab, lab.cloud.primary_table)
    lab.cloud.set_lock("armed")
    lab.wait(130)
    assert longest(lab, begun) == 0.0
    assert [i.error for i in lab.functions.invocations if i.error] == []
    # And it is armed, and protected: the next death is a failover.
    lab.network.flush_nat_rules("nat01")
    assert lab.wait_until(lambda: all_on(lab, lab.cloud.standby_table), 20)


def _renewed(lab: Lab, nat: str) -> None:
    """Let a NAT be down for two minutes, and come back as its image has it."""
    _stopped(lab, nat)
    lab.wait(120)
    _as_it_was(lab, nat)
    lab.wait_until(lambda: not lab.run_command.is_deaf(nat), 180)
    lab.wait(60)


def _source_dest_check_on(lab: Lab) -> None:
    lab.cloud.set_source_dest_check("nat01", on=True)


def _stopped(lab: Lab, nat: str = "nat01") -> None:
    lab.network.stop(nat)
    lab.run_command.dead.add(nat)
    lab.cloud.stop_instance(nat)


UNFIT: dict[str, Callable[[Lab], None]] = {
    "instance": _stopped,
    "source/destination check": _source_dest_check_on,
    "Internet": lambda lab: lab.network.set_uplink("nat01", False),
    "forwarding": lambda lab: lab.network.set_forwarding("nat01", False),
    "masquerading": lambda lab: lab.network.flush_nat_rules("nat01"),
}


def _as_it_was(lab: Lab, nat: str = "nat01") -> None:
    lab.network.start(nat)
    lab.network.set_uplink(nat, True)
    lab.network.boot(nat, lab.cloud.user_data)
    lab.run_command.dead.clear()
    lab.cloud.ec2.start_instances(InstanceIds=[lab.cloud.instances[nat]])  # type: ignore[attr-defined]
    lab.cloud.set_source_dest_check(nat, on=False)


@in_lab()
def test_a_nat_that_is_not_fit_is_found_out_before_anything_is_moved(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    lock, replaced = lab.cloud.lock_text(), len(lab.gateway.replaced_at)
    for name, spoil in UNFIT.items():
        spoil(lab)
        found = [check.name for check in bad(list(alice.looks_ahead().checks))]
        assert name in found
        # The network obeys the check: with it on, the Internet is out of reach as well.
        assert name in ("instance", "source/destination check") or len(found) == 1, found
        _as_it_was(lab)
        lab.wait_until(lambda: not lab.run_command.is_deaf("nat01"), 180)
    assert bad(list(alice.looks_ahead().checks)) == []
    assert (lab.cloud.lock_text(), len(lab.gateway.replaced_at)) == (lock, replaced)


@pytest.mark.parametrize("network", NETWORKS)
@in_lab()
def test_a_target_that_dies_after_the_first_subnet_gets_no_other_and_gives_it_back(
    lab: Lab, alice: Person, network: str
) -> None:
    alice.fails_over()
    ahead = alice.looks_ahead()
    # On real packets this is the very script, which looks at the very rules.
    assert [c for c in ahead.checks if c.name in ("forwarding", "masquerading") and c.fit.value != "good"] == []
    lab.gateway.replaced_at.clear()
    alice.on["first "] = lambda: lab.network.flush_nat_rules("nat01")
    begun = lab.world.now()
    passed = alice.follows(ahead)
    assert passed.ended is Ended.ROLLED_BACK, passed
    assert passed.left == {}
    assert "0 subnets lost" in passed.in_words
    # On real packets one of them may have yet to tell.
    least = 2 if network == "simulated" else 1
    assert any(f"{found} of 2 backends are offline through the new path" in passed.in_words for found in (least, 2))
    assert len(passed.online) == 6
    assert len(lab.gateway.replaced_at) == 2  # one there, one back
    assert all_on(lab, lab.cloud.standby_table)
    lab.wait(3)
    assert len(lab.online()) == 6
    assert longest(lab, begun) < 30
    fields = record(lab)
    assert (fields["state"], fields["to"]) == ("failed-over", lab.cloud.standby_table)
    assert "rolled back" in fields["outcome"]
    assert fields["rolledBack"] is True
    if network == "simulated":
        # The others are told within a tick or two.
        assert lab.wait_until(
            lambda: any("a move by hand was undone" in subject for _, subject, _ in lab.gateway.published), 130
        )


@in_lab(settings={"egressAddress": EGRESS_PLACE})
def test_a_target_that_dies_while_the_others_move_gives_all_of_them_back_and_the_address_too(
    lab: Lab, alice: Person
) -> None:
    assert alice.fails_over().egress is not None
    assert set(lab.seen_as().values()) == {EGRESS}
    alice.on["the other 2 subnets"] = lambda: lab.network.set_forwarding("nat01", False)
    passed = alice.follows(alice.looks_ahead())
    assert passed.ended is Ended.ROLLED_BACK, passed
    assert passed.egress is not None
    assert passed.egress.moved
    assert all_on(lab, lab.cloud.standby_table)
    lab.wait(3)
    assert set(lab.seen_as().values()) == {EGRESS}
    assert record(lab)["egress"]["moved"] is True


@in_lab(settings={"egressAddress": EGRESS_PLACE})
def test_the_egress_address_goes_there_and_back_with_the_subnets(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    holders = [lab.cloud.elastic()]
    passed = alice.follows(alice.looks_ahead())
    lab.wait(3)
    holders.append(lab.cloud.elastic())
    assert holders == [{"nat02": EGRESS}, {"nat01": EGRESS}]
    assert passed.ended is Ended.DONE
    assert "egress address" in passed.in_words
    assert set(lab.seen_as().values()) == {EGRESS}


@in_lab()
def test_where_the_active_nat_is_dead_already_whoever_is_back_online_counts(lab: Lab, alice: Person) -> None:
    lab.cloud.set_lock("paused")  # the function may not act: it is for the person
    lab.network.flush_nat_rules("nat01")
    lab.wait(2)
    ahead = alice.looks_ahead("failover")
    assert ahead.plan is not None
    assert ahead.plan.online == frozenset()
    passed = alice.follows(ahead)
    assert passed.ended is Ended.DONE
    assert len(passed.online) == 6


@in_lab(layout=standard_layout(subnets=1, backends=3))
def test_a_pair_with_one_subnet_goes_all_at_once_and_still_comes_back(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    ahead = alice.looks_ahead()
    assert ahead.plan is not None
    assert ahead.plan.first == ()
    alice.on["1 subnet"] = lambda: lab.network.flush_nat_rules("nat01")
    assert alice.follows(ahead).ended is Ended.ROLLED_BACK
    assert all_on(lab, lab.cloud.standby_table)
