"""T2, T5, T6, R7: writes close together, answers that are lost, reads of a moment ago, lists in pieces."""

from __future__ import annotations

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from nat_failover.clients import Clients
from tests.gate.chance import Lots
from tests.gate.harshness import GENTLE
from tests.gate.rules.proof import breaks, keeps, refused
from tests.gate.timing.asking import asking
from tests.gate.timing.forgetting import Pages
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies

NAME = "/nat-failover/main/lock"


def _put(clients: Clients, text: str, *, overwrite: bool = True) -> int:
    return clients.ssm.put_parameter(Name=NAME, Value=text, Type="String", Overwrite=overwrite)["Version"]


# T2


@breaks("T2")
@asking(updates_refused=1.0)
def test_a_second_write_of_a_parameter_within_a_second_may_be_refused_and_no_client_tries_it_again(
    lab: Lab, clients: Clients
) -> None:
    _put(clients, "one")
    lab.wait(0.9)
    with refused("TooManyUpdates"):
        _put(clients, "two")
    assert lab.cloud.lock_text() == "one"
    assert lab.gateway.calls["ssm:PutParameter"] == 2


@keeps("T2")
@asking(updates_refused=1.0)
def test_a_write_a_second_later_or_of_another_parameter_is_taken(lab: Lab, clients: Clients) -> None:
    _put(clients, "one")
    clients.ssm.put_parameter(Name="/other", Value="x", Type="String")
    lab.wait(1.1)
    _put(clients, "two")
    assert lab.cloud.lock_text() == "two"


# T5


def _lossy(lab: Lab) -> None:
    """Lose the answer of the very next write, and of none after it."""
    real, lost = lab.gateway.day.lost, [True]

    def once(service: str, operation: str, read_timeout: float) -> tuple[Exception, float] | None:
        came = real(service, operation, read_timeout) if lost else None
        lost.clear()
        return came

    lab.gateway.day.lost = once  # type: ignore[method-assign]


@breaks("T5")
@asking(answer_lost=1.0, lost_silently=0.0)
def test_a_write_whose_answer_is_lost_is_made_twice(lab: Lab, clients: Clients) -> None:
    standing = lab.cloud.parameter(NAME)
    assert standing is not None
    _lossy(lab)
    assert _put(clients, "one") == standing["Version"] + 2


@breaks("T5")
@asking(answer_lost=1.0, lost_silently=0.0)
def test_a_parameter_that_is_made_meets_itself(lab: Lab, clients: Clients) -> None:
    _lossy(lab)
    with pytest.raises(clients.ssm.exceptions.ParameterAlreadyExists):
        clients.ssm.put_parameter(Name="/new", Value="x", Type="String", Overwrite=False)
    assert lab.cloud.parameter("/new") is not None


@breaks("T5")
@asking(answer_lost=1.0, lost_silently=0.0)
def test_an_association_that_was_replaced_is_not_found(lab: Lab, clients: Clients) -> None:
    _lossy(lab)
    table = lab.cloud.tables()[lab.cloud.primary_table]
    with refused("InvalidAssociationID.NotFound"):
        clients.ec2.replace_route_table_association(
            AssociationId=table["Associations"][0]["RouteTableAssociationId"], RouteTableId=lab.cloud.standby_table
        )
    assert lab.cloud.standby_table in lab.cloud.protected().values()


@breaks("T5")
@asking(answer_lost=1.0, lost_silently=0.0, put_rate=100.0)
def test_a_client_that_gives_up_does_not_know_that_it_has_written(lab: Lab, clients: Clients) -> None:
    with pytest.raises(ConnectionClosedError):
        _put(clients, "one")
    assert lab.cloud.lock_text() == "one"
    assert lab.gateway.calls["ssm:PutParameter"] == 4


@breaks("T5")
@asking(answer_lost=1.0, lost_silently=1.0)
def test_where_the_connection_stays_open_a_client_waits_for_its_timeout(lab: Lab, clients: Clients) -> None:
    (address,) = clients.ec2.describe_addresses()["Addresses"]
    began = lab.world.now()
    with pytest.raises(ReadTimeoutError):
        clients.egress().associate_address(
            AllocationId=address["AllocationId"],
            NetworkInterfaceId=address["NetworkInterfaceId"],
            AllowReassociation=True,
        )
    assert lab.world.now() - began == pytest.approx(4.0)


@keeps("T5")
@asking(answer_lost=1.0)
def test_no_answer_to_a_read_is_lost(clients: Clients) -> None:
    clients.ssm.get_parameters(Names=[NAME])
    clients.ec2.describe_route_tables()


# T6


@breaks("T6a")
@asking(stale=1.0, stale_for=(1.0, 1.0))
def test_a_parameter_just_written_may_be_read_as_it_was(lab: Lab, clients: Clients) -> None:
    _put(clients, "one")
    lab.wait(2)
    _put(clients, "two")
    lab.wait(0.9)
    (read,) = clients.ssm.get_parameters(Names=[NAME])["Parameters"]
    assert (read["Value"], clients.ssm.get_parameter(Name=NAME)["Parameter"]["Value"]) == ("one", "one")


@breaks("T6b")
@asking(stale=1.0, stale_for=(1.0, 1.0))
def test_a_parameter_just_made_may_be_missing(lab: Lab, clients: Clients) -> None:
    clients.ssm.put_parameter(Name="/new", Value="x", Type="String")
    lab.wait(0.9)
    read = clients.ssm.get_parameters(Names=["/new"])
    assert (read["Parameters"], read["InvalidParameters"]) == ([], ["/new"])
    with refused("ParameterNotFound"):
        clients.ssm.get_parameter(Name="/new")


@keeps("T6a", "T6b")
@asking(stale=1.0, stale_for=(1.0, 1.0))
def test_a_second_later_every_replica_knows(lab: Lab, clients: Clients) -> None:
    _put(clients, "one")
    clients.ssm.put_parameter(Name="/new", Value="x", Type="String")
    lab.wait(1.1)
    found = clients.ssm.get_parameters(Names=[NAME, "/new"])["Parameters"]
    assert {p["Name"]: p["Value"] for p in found} == {NAME: "one", "/new": "x"}


@keeps("T6a", "T6b")
@asking(stale=1.0, stale_for=(1.0, 1.0))
def test_a_write_that_was_refused_makes_nothing_stale(lab: Lab, clients: Clients) -> None:
    _put(clients, "one")
    lab.wait(2)
    with refused("ParameterAlreadyExists"):
        _put(clients, "two", overwrite=False)
    assert clients.ssm.get_parameter(Name=NAME)["Parameter"]["Value"] == "one"


def _send(lab: Lab, clients: Clients) -> str:
    parameters = {"window": ["0"], "active": ["-"], "passive": ["-"]}
    sent = clients.ssm.send_command(
        DocumentName=lab.cloud.environment["NAT_FAILOVER_PROBE_DOCUMENT"],
        InstanceIds=[lab.cloud.instances["backend1"]],
        Parameters=parameters,
        Comment="check",
        TimeoutSeconds=30,
    )
    return sent["Command"]["CommandId"]


LISTED_LATE = Latencies(**{**dict.fromkeys(Latencies().as_json(), (0.0, 0.0)), "listing": (0.3, 0.3)})


@breaks("T6c")
@asking(latencies=LISTED_LATE)
def test_the_invocations_of_a_command_just_sent_may_not_be_listed(lab: Lab, clients: Clients) -> None:
    command = _send(lab, clients)
    assert clients.ssm.list_command_invocations(CommandId=command)["CommandInvocations"] == []


@keeps("T6c")
@asking(latencies=LISTED_LATE)
def test_they_are_a_moment_later(lab: Lab, clients: Clients) -> None:
    command = _send(lab, clients)
    lab.wait(0.4)
    assert len(clients.ssm.list_command_invocations(CommandId=command)["CommandInvocations"]) == 1


# R7


@breaks("R7a")
def test_a_list_comes_in_short_and_empty_pages_and_nothing_of_it_is_lost() -> None:
    pages = Pages(GENTLE.__class__(short_page=0.8), Lots(3))
    sizes = set()
    for _ in range(50):
        page = pages.cut("ListCommands", "Commands", {"Commands": [1, 2, 3]})
        found = list(page["Commands"])
        sizes.add(len(found))
        while "NextToken" in page:
            rest = pages.rest({"NextToken": page["NextToken"]})
            assert rest is not None
            page = pages.cut("ListCommands", "Commands", rest)
            found += page["Commands"]
        assert found == [1, 2, 3]
    assert sizes == {0, 1, 2, 3}


@breaks("R7a")
@asking(short_page=0.5, list_rate=1000.0)
def test_a_page_may_be_empty_although_there_is_a_host(lab: Lab, clients: Clients) -> None:
    command = _send(lab, clients)
    lists = clients.ssm.get_paginator("list_command_invocations")
    listings = [list(lists.paginate(CommandId=command)) for _ in range(20)]
    assert {sum(len(page["CommandInvocations"]) for page in pages) for pages in listings} == {1}
    assert max(len(pages) for pages in listings) > 1


@breaks("R7a")
def test_a_token_can_be_used_again_by_a_client_whose_answer_was_lost() -> None:
    pages = Pages(GENTLE.__class__(short_page=1.0), Lots(1))
    token = {"NextToken": pages.cut("ListCommands", "Commands", {"Commands": [1]})["NextToken"]}
    assert pages.rest(token) == pages.rest(token) == {"Commands": [1]}


@keeps("R7a")
@asking(short_page=1.0)
def test_ec2_gives_all_to_who_sets_no_limit(lab: Lab, clients: Clients) -> None:
    response = clients.ec2.describe_route_tables()
    assert len(response["RouteTables"]) == len(lab.cloud.tables())
    assert "NextToken" not in response
