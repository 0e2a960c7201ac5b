"""The self-test: every call that the function makes, once, by its own role; dry where it would change something."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.acting.lifecycle import LifecycleActions
from nat_failover.acting.tried import Tried, Verdict, attempt, dry
from nat_failover.aws_errors import error_in_words
from nat_failover.clients import PairServices
from nat_failover.lock.claim import Claim
from nat_failover.lock.record import ARMED
from nat_failover.names import EVENT_SOURCE
from nat_failover.network.instances import Nat
from nat_failover.network.route_differences import PROPAGATION
from nat_failover.network.route_tables import RouteTablesError
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.rounds import Kind
from nat_failover.probing.run_command import MOST_HOSTS
from nat_failover.settings import Mode
from nat_failover.telling.memory import Memory

DETAIL_TYPE = "NAT Failover Self-test"
# How long hosts are given to answer, and how often they are looked at, in seconds.
ANSWERS_WITHIN, LOOK_EVERY = 25.0, 1.0
# For documentation, and so nobody's: https://www.rfc-editor.org/rfc/rfc5737
NOBODYS = "192.0.2.0/24"
# With DryRun, EC2 answers so where it would have done it:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html
WOULD_HAVE = "DryRunOperation"


class SelfTest:
    """Tries what the function can do, and leaves everything as it is.

    It writes no parameter that exists: PutParameter without ``Overwrite`` is refused by ParameterAlreadyExists only
    after it was authorized, and a claim or memory that is created holds nobody up and says nothing. It sends one quick
    check to the sample and both NATs, and one test message.

    Args:
        services: of the pair, with the function's own clients.
    """

    def __init__(self, services: PairServices) -> None:
        self._clients = services.clients
        self._ec2: Any = services.clients.ec2
        self._settings = services.settings
        self._runtime = services.runtime
        self._services = services

    def run(self, ends_at: float) -> dict[str, object]:
        """Return what came of each call, as JSON; no refusal is raised.

        Args:
            ends_at: when Lambda ends the invocation, in seconds since the epoch.
        """
        tried = [*self._reads(), *self._changes(), *self._writes(), *self._messages()]
        round_tried, answers = self._round(min(self._runtime.now() + ANSWERS_WITHIN, ends_at - 5))
        tried += round_tried
        online = [a.host for a in answers if a.state is State.REACHABLE and a.host not in self._settings.nats]
        problems = [f"{t.call}: {t.seen}" for t in tried if t.verdict is Verdict.REFUSED]
        if len(online) < self._settings.failure_threshold:
            problems.append(
                f"{len(online)} backends answered that they are online, {self._settings.failure_threshold} are needed"
            )
        return {
            "trigger": "SelfTest",
            "pair": self._settings.pair,
            "works": not problems,
            "problems": problems,
            "calls": [asdict(t) for t in tried],
            "hosts": {a.host: f"{a.state.value}: {a.detail}" for a in answers},
        }

    def _reads(self) -> Iterator[Tried]:
        s, ec2 = self._settings, self._ec2
        names = [s.lock_parameter, s.claim_parameter, s.told_parameter]
        yield attempt("ssm:GetParameters", lambda: _number(self._clients.ssm.get_parameters(Names=names), "Parameters"))
        yield attempt("ec2:DescribeRouteTables", lambda: ", ".join(self._services.routes.read().by_id))
        yield attempt("ec2:DescribeInstances", lambda: _states(self._services.instances.describe(s.nats)))
        by_id = [{"Name": "instance-id", "Values": list(s.nats)}]
        spot = partial(ec2.describe_spot_instance_requests, Filters=by_id)
        yield attempt("ec2:DescribeSpotInstanceRequests", lambda: _number(spot(), "SpotInstanceRequests"))
        by_state = [{"Name": "instance-state-name", "Values": ["running"]}]
        status = partial(ec2.describe_instance_status, Filters=by_state, MaxResults=5)
        yield attempt("ec2:DescribeInstanceStatus", lambda: _number(status(), "InstanceStatuses"))
        tag = [{"Name": "key", "Values": [s.probe_tag_key]}, {"Name": "value", "Values": [s.probe_tag_value]}]
        yield attempt("ec2:DescribeTags", lambda: _number(ec2.describe_tags(Filters=tag, MaxResults=5), "Tags"))
        if s.egress_allocation is not None:
            of = [{"Name": "allocation-id", "Values": [s.egress_allocation]}]
            yield attempt("ec2:DescribeAddresses", lambda: _number(ec2.describe_addresses(Filters=of), "Addresses"))

        if s.auto_scaling_groups:
            groups: Any = self._clients.autoscaling()
            mine = partial(
                groups.describe_auto_scaling_instances, InstanceIds=[i for i in s.nats if i.startswith("i-")]
            )
            yield attempt("autoscaling:DescribeAutoScalingInstances", lambda: _number(mine(), "AutoScalingInstances"))

    def _changes(self) -> Iterator[Tried]:
        """Ask EC2 whether it would move a subnet of each table, routes and the egress address, without doing it."""
        s, ec2, replace = self._settings, self._ec2, "ec2:ReplaceRouteTableAssociation"
        actions = LifecycleActions(self._clients.autoscaling)
        for group in s.auto_scaling_groups:
            nobodys = partial(actions.complete_nobodys, group, s.lifecycle_hook)
            yield attempt("autoscaling:CompleteLifecycleAction", nobodys)
        if s.mode is Mode.OBSERVE:
            yield Tried(replace, Verdict.NOT_TRIED, "in observe mode the role may not")
            return
        try:
            tables = self._services.routes.read()
        except (ClientError, BotoCoreError, RouteTablesError) as error:
            yield Tried(replace, Verdict.NOT_TRIED, f"the route tables can't be read: {error_in_words(error)}")
            return
        for table_id, table in tables.by_id.items():
            for subnet, association in sorted(table.associations.items())[:1]:
                to = s.other_table(table_id)
                move = partial(ec2.replace_route_table_association, AssociationId=association, RouteTableId=to)
                yield attempt(replace, partial(dry, move), {WOULD_HAVE: f"would move {subnet} to {to}"})
        if s.mirror_routes:
            route = {"DestinationCidrBlock": NOBODYS, "InstanceId": s.standby_instance}
            for action, write in (("CreateRoute", ec2.create_route), ("ReplaceRoute", ec2.replace_route)):
                made = partial(write, RouteTableId=s.standby_route_table, **route)
                yield attempt(
                    f"ec2:{action}", partial(dry, made), {WOULD_HAVE: f"would do so in {s.standby_route_table}"}
                )
            for endpoint in s.mirror_endpoints:
                share = partial(
                    ec2.modify_vpc_endpoint, VpcEndpointId=endpoint, AddRouteTableIds=[s.standby_route_table]
                )
                would = {WOULD_HAVE: f"would add {s.standby_route_table} to {endpoint}"}
                yield attempt("ec2:ModifyVpcEndpoint", partial(dry, share), would)
            gateways = {
                at.network for table in tables.by_id.values() for at in table.routes if at.parameter == PROPAGATION
            }
            for gateway in sorted(gateways):
                take = partial(ec2.enable_vgw_route_propagation, RouteTableId=s.standby_route_table, GatewayId=gateway)
                would = {WOULD_HAVE: f"would have {s.standby_route_table} take the routes of {gateway}"}
                yield attempt("ec2:EnableVgwRoutePropagation", partial(dry, take), would)
        # The second address goes the other way at the same time.
        for allocation, nat in (
            (s.egress_allocation, s.standby_instance),
            (s.standby_egress_allocation, s.primary_instance),
        ):
            if allocation is not None:
                would = {WOULD_HAVE: f"would move {allocation} to {nat}"}
                yield attempt("ec2:AssociateAddress", partial(self._move_address, allocation, nat), would)

    def _move_address(self, allocation: str, nat: str) -> str:
        interface = self._services.instances.describe(self._settings.nats)[nat].interface
        if interface is None:
            raise ValueError(f"{nat} has no network interface")
        move = partial(self._ec2.associate_address, AllocationId=allocation, NetworkInterfaceId=interface)
        return dry(partial(move, AllowReassociation=True))

    def _writes(self) -> Iterator[Tried]:
        """Create what exists, which is refused once it is authorized; else what holds nobody up."""
        over = Claim("self-test", self._runtime.now(), 0)
        for name, value in (
            (self._settings.lock_parameter, ARMED),
            (self._settings.claim_parameter, over.text),
            (self._settings.told_parameter, Memory().text()),
        ):
            put = partial(self._clients.ssm.put_parameter, Name=name, Value=value, Type="String", Overwrite=False)
            yield attempt(
                "ssm:PutParameter",
                lambda put=put, name=name: f"created {name}, version {put()['Version']}",  # type: ignore[misc]
                dict.fromkeys(("ParameterAlreadyExists", "TooManyUpdates"), f"may write {name}"),
            )

    def _messages(self) -> Iterator[Tried]:
        text = (
            f"This is a test message of the pair {self._settings.pair}. No action needed: whoever reads it will be "
            "told when the NAT fails."
        )
        yield attempt(
            "sns:Publish",
            lambda: self._clients.sns().publish(
                TopicArn=self._settings.topic,
                Subject=f"[nat-failover {self._settings.pair}] TEST MESSAGE, no action needed",
                Message=text,
            )["MessageId"],
        )
        yield attempt("events:PutEvents", self._put_event)

    def _put_event(self) -> str:
        detail = json.dumps({"pair": self._settings.pair})
        answer = self._clients.events().put_events(
            Entries=[{"Source": EVENT_SOURCE, "DetailType": DETAIL_TYPE, "Detail": detail}]
        )
        if answer["FailedEntryCount"]:
            raise ValueError(f"EventBridge has not taken the event: {answer['Entries'][0].get('ErrorCode')}")
        return "taken"

    def _round(self, deadline: float) -> tuple[list[Tried], list[Observation]]:
        """Send a quick check to the sample and both NATs, and read it until all have answered or time is up."""
        s, chosen = self._settings, list[str]()

        def look() -> str:
            online = self._services.fleet.online()
            chosen.extend(self._runtime.random.sample(online, min(len(online), s.sample_size, MOST_HOSTS - 2)))
            nats = self._services.fleet.answerable(s.nats)
            chosen.extend(nats)
            return f"the agents of {len(online)} backends and of {len(nats)} of 2 NATs are online"

        tried = [attempt("ssm:DescribeInstanceInformation", look)]
        if not chosen:
            return [*tried, Tried("ssm:SendCommand", Verdict.NOT_TRIED, "there is no host to send to")], []
        answers: list[Observation] = []

        def ask() -> str:
            rounds = self._services.probe.send(Kind.CHECK, chosen)
            if not rounds:
                raise ValueError("AWS lets the function ask none of the hosts")
            while True:
                answers[:] = [answer for round_ in rounds for answer in self._services.probe.read(round_)]
                answered = sum(a.state is not State.PENDING for a in answers)
                if answered == len(answers) or self._runtime.now() >= deadline:
                    return f"{answered} of {len(chosen)} hosts answered"
                self._runtime.sleep(LOOK_EVERY)

        tried.append(attempt("ssm:SendCommand, ssm:ListCommandInvocations", ask))
        tried.append(
            attempt(
                "ssm:ListCommands", lambda: f"{len(self._services.probe.rounds(self._runtime.now() - 3600))} in an hour"
            )
        )
        return tried, answers


def _number(answer: Mapping[str, Any], key: str) -> str:
    return f"{len(answer[key])} {key}"


def _states(nats: Mapping[str, Nat]) -> str:
    return ", ".join(f"{nat} is {known.state}" for nat, known in nats.items())
