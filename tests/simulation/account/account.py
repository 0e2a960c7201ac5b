"""A model of what EC2 and SSM keep, as far as the product asks: moto's answers, without moto's weight."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.gate.rules.rule import changed

# https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
KEPT_VERSIONS = 100
# How far back it can answer, in seconds.
REMEMBERED = 60.0
# States of an instance in which no route can lead to it; while it is stopping, EC2 still calls them active.
NO_TARGETS = ("stopped", "terminated")


class Refused(Exception):  # noqa: N818 - AWS refuses, the model has no error
    """AWS answers with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Version:
    """One version of a parameter; ``by`` is ``function`` or ``person``."""

    text: str
    number: int
    at: float
    by: str


@dataclass
class Instance:
    """What EC2 tells of an instance.

    ``interface`` is its one network interface, in ``subnet``; ``checked`` whether its source/destination check is on;
    ``public`` is its public address, if it has one.
    """

    state: str
    launched_at: float
    address: str
    tags: Mapping[str, str]
    interface: str = ""
    subnet: str = ""
    checked: bool = True
    public: str | None = None


@dataclass
class Holdings:
    """All that there is in an account; a copy is another account.

    Attributes:
        instances: by id.
        routes: of every route table, as DescribeRouteTables tells them.
        associations: subnet and route table, by association id.
        parameters: their versions, oldest first, by name.
        addresses: Elastic IP and the instance that has it, by allocation id.
    """

    instances: dict[str, Instance]
    routes: dict[str, list[dict[str, Any]]]
    associations: dict[str, tuple[str, str]]
    parameters: dict[str, list[Version]] = field(default_factory=dict)
    addresses: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def copy(self) -> Holdings:
        """Make an account like it."""
        return Holdings(
            {i: copy.copy(instance) for i, instance in self.instances.items()},
            {table: [dict(route) for route in routes] for table, routes in self.routes.items()},
            dict(self.associations),
            {name: list(versions) for name, versions in self.parameters.items()},
            dict(self.addresses),
        )


class ModelAccount:
    """Answers calls from what it holds.

    Args:
        holdings: what there is.
        now: clock, in seconds since the epoch.
    """

    def __init__(self, holdings: Holdings, now: Callable[[], float]) -> None:
        self.holdings = holdings
        self._now = now
        self._made = 0
        self._past: list[tuple[float, Holdings]] = []
        self._answers: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "DescribeRouteTables": self._route_tables,
            "DescribeInstances": self._instances,
            "DescribeTags": self._tags,
            "DescribeAddresses": self._addresses,
            "AssociateAddress": self._associate_address,
            "ReplaceRouteTableAssociation": self._replace,
            "CreateRoute": self._write_route,
            "ReplaceRoute": self._write_route,
            "ModifyVpcEndpoint": lambda _: {"Return": True},
            "GetParameter": self._parameter,
            "GetParameters": self._parameters,
            "PutParameter": lambda arguments: self.put(arguments, "function"),
            "Publish": lambda _: {"MessageId": "1"},
            "PutEvents": lambda _: {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]},
        }

    def answer(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a call.

        Raises:
            Refused: AWS would answer with an error.
            KeyError: the model does not know the operation.
        """
        return self._answers[operation](arguments)

    def change(self) -> Holdings:
        """Give what it holds, to be changed; how it was is remembered for as long as ``REMEMBERED``."""
        now = self._now()
        self._past = [(at, held) for at, held in self._past if now - at <= REMEMBERED]
        self._past.append((now, self.holdings.copy()))
        return self.holdings

    @contextmanager
    def as_of(self, at: float) -> Iterator[None]:
        """Answer from what it held at an earlier time."""
        present = self.holdings
        self.holdings = next((held for changed, held in self._past if changed > at), present)
        try:
            yield
        finally:
            self.holdings = present

    def tables(self) -> dict[str, dict[str, Any]]:
        """Describe all route tables, by id."""
        told: dict[str, dict[str, Any]] = {
            table: {
                "RouteTableId": table,
                "Routes": self._as_they_are(routes),
                "Associations": [],
                "PropagatingVgws": [],
            }
            for table, routes in self.holdings.routes.items()
        }
        for association, (subnet, table) in self.holdings.associations.items():
            told[table]["Associations"].append(
                {
                    "RouteTableAssociationId": association,
                    "RouteTableId": table,
                    "SubnetId": subnet,
                    "Main": False,
                    "AssociationState": {"State": "associated"},
                }
            )
        return told

    def _as_they_are(self, routes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return routes with their state: one to an instance that is stopped or gone is a blackhole."""
        known = self.holdings.instances
        dead = [r for r in routes if r.get("InstanceId") in known and known[r["InstanceId"]].state in NO_TARGETS]
        if not dead:
            return routes
        changed("N7")
        return [{**route, "State": "blackhole"} if route in dead else route for route in routes]

    def _route_tables(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        wanted = _filters(arguments).get("route-table-id")
        return {"RouteTables": [t for i, t in self.tables().items() if wanted is None or i in wanted]}

    def _replace(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        association, table = arguments["AssociationId"], arguments["RouteTableId"]
        if association not in self.holdings.associations:
            raise Refused("InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist")
        if table not in self.holdings.routes:
            raise Refused("InvalidRouteTableID.NotFound", f"The routeTable ID '{table}' does not exist")
        return {"NewAssociationId": self.associate(association, table), "AssociationState": {"State": "associated"}}

    def associate(self, association: str, table: str) -> str:
        """Replace an association; gives the new one's id."""
        holdings = self.change()
        subnet, _ = holdings.associations.pop(association)
        self._made += 1
        made = f"rtbassoc-{self._made:017x}"
        holdings.associations[made] = (subnet, table)
        return made

    def _write_route(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        table, to = arguments["RouteTableId"], arguments["DestinationCidrBlock"]
        routes = self.change().routes
        kept = [route for route in routes[table] if route.get("DestinationCidrBlock") != to]
        told = {key: value for key, value in arguments.items() if key != "RouteTableId"}
        routes[table] = [*kept, {**told, "State": "active", "Origin": "CreateRoute"}]
        return {"Return": True}

    def _instances(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        named: Sequence[str] = arguments.get("InstanceIds", ())
        for instance in named:
            if instance not in self.holdings.instances:
                raise Refused("InvalidInstanceID.NotFound", f"The instance ID '{instance}' does not exist")
        found = [
            {
                "InstanceId": i,
                "State": {"Name": known.state},
                "LaunchTime": datetime.fromtimestamp(known.launched_at, UTC),
                "PrivateIpAddress": known.address,
                "SubnetId": known.subnet,
                "SourceDestCheck": known.checked,
                "NetworkInterfaces": [
                    {
                        "NetworkInterfaceId": known.interface,
                        "SourceDestCheck": known.checked,
                        "Attachment": {"DeviceIndex": 0},
                    }
                ],
                "Tags": [{"Key": key, "Value": value} for key, value in known.tags.items()],
                **({} if known.public is None else {"PublicIpAddress": known.public}),
            }
            for i in named or _filters(arguments)["instance-id"]
            if (known := self.holdings.instances.get(i)) is not None
        ]
        return {"Reservations": [{"Instances": found}]}

    def _addresses(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        wanted, instances = _filters(arguments).get("allocation-id"), self.holdings.instances
        return {
            "Addresses": [
                {"AllocationId": allocation, "PublicIp": public, "Domain": "vpc"}
                | ({"InstanceId": holder, "NetworkInterfaceId": instances[holder].interface} if holder else {})
                for allocation, (public, holder) in self.holdings.addresses.items()
                if wanted is None or allocation in wanted
            ]
        }

    def _associate_address(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        allocation, interface = arguments["AllocationId"], arguments["NetworkInterfaceId"]
        if allocation not in self.holdings.addresses:
            raise Refused("InvalidAllocationID.NotFound", f"The allocation ID '{allocation}' does not exist")
        holder = next((i for i, known in self.holdings.instances.items() if known.interface == interface), None)
        if holder is None:
            raise Refused("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{interface}' does not exist")
        addresses = self.change().addresses
        # An instance has one Elastic IP at a time on its primary private address.
        for other, (public, had) in addresses.items():
            if had == holder:
                addresses[other] = (public, None)
        addresses[allocation] = (addresses[allocation][0], holder)
        self._made += 1
        return {"AssociationId": f"eipassoc-{self._made:017x}"}

    def _tags(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        filters = _filters(arguments)
        (key,), (value,) = filters["key"], filters["value"]
        endings = tuple(pattern.rpartition("*")[2] for pattern in filters.get("resource-id", ["*"]))
        found = [i for i, known in self.holdings.instances.items() if known.tags.get(key) == value]
        chosen = [i for i in found if i.endswith(endings)]
        page: dict[str, Any] = {"Tags": [{"ResourceId": i} for i in chosen[: arguments["MaxResults"]]]}
        return page | ({"NextToken": "more"} if len(chosen) > arguments["MaxResults"] else {})

    def _parameters(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        known = {name: self._version(*name.partition(":")[::2]) for name in arguments["Names"]}
        return {
            "Parameters": [
                _told(name.partition(":")[0], version) for name, version in known.items() if version is not None
            ],
            "InvalidParameters": [name for name, version in known.items() if version is None],
        }

    def _parameter(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        parameter = self.parameter(arguments["Name"])
        if parameter is None:
            raise Refused("ParameterNotFound", arguments["Name"])
        return {"Parameter": parameter}

    def latest(self, name: str) -> Version | None:
        """Give the latest version of a parameter; None where there is none."""
        versions = self.holdings.parameters.get(name)
        return versions[-1] if versions else None

    def _version(self, name: str, number: str) -> Version | None:
        """Give one version of a parameter, the latest where none is named; None where there is none (any more)."""
        if not number:
            return self.latest(name)
        return next((v for v in self.holdings.parameters.get(name, []) if v.number == int(number)), None)

    def parameter(self, name: str) -> dict[str, Any] | None:
        """Give a parameter as GetParameter does; None where there is none."""
        version = self.latest(name)
        return None if version is None else _told(name, version)

    def put(self, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Write a parameter.

        Raises:
            Refused: it exists and may not be overwritten.
        """
        if self.latest(arguments["Name"]) is not None and not arguments.get("Overwrite"):
            raise Refused("ParameterAlreadyExists", "The parameter already exists.")
        versions = self.change().parameters.setdefault(arguments["Name"], [])
        number = versions[-1].number + 1 if versions else 1
        versions.append(Version(arguments["Value"], number, self._now(), by))
        del versions[:-KEPT_VERSIONS]
        return {"Version": number, "Tier": "Standard"}

    def delete(self, name: str) -> None:
        """Delete a parameter, as a person may; its versions begin anew."""
        self.change().parameters.pop(name, None)


def _filters(arguments: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    return {each["Name"]: each["Values"] for each in arguments.get("Filters", [])}


def _told(name: str, version: Version) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "String",
        "Value": version.text,
        "Version": version.number,
        "LastModifiedDate": datetime.fromtimestamp(version.at, UTC),
    }
