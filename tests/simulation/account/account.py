"""A model of what EC2 and SSM keep, as far as the product asks: moto's answers, without moto's weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.gate.rules.rule import changed
from tests.simulation.account.holdings import Holdings, Refused
from tests.simulation.account.parameters import ParameterStore

# States of an instance in which no route can lead to it; while it is stopping, EC2 still calls them active.
NO_TARGETS = ("stopped", "terminated")


class ModelAccount(ParameterStore):
    """Answers calls from what it holds.

    Args:
        holdings: what there is.
        now: clock, in seconds since the epoch.
    """

    def __init__(self, holdings: Holdings, now: Callable[[], float]) -> None:
        super().__init__(holdings, now)
        self._made = 0
        self._answers: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "DescribeRouteTables": self._route_tables,
            "DescribeInstances": self._instances,
            "DescribeTags": self._tags,
            # Nothing is announced here: see Cloud.of_ends.
            "DescribeInstanceStatus": lambda _: {"InstanceStatuses": []},
            "DescribeSpotInstanceRequests": lambda _: {"SpotInstanceRequests": []},
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

    def tables(self) -> dict[str, dict[str, Any]]:
        """Describe all route tables, by id."""
        described: dict[str, dict[str, Any]] = {
            table: {
                "RouteTableId": table,
                "Routes": self._as_they_are(routes),
                "Associations": [],
                "PropagatingVgws": [],
            }
            for table, routes in self.holdings.routes.items()
        }
        for association, (subnet, table) in self.holdings.associations.items():
            described[table]["Associations"].append(
                {
                    "RouteTableAssociationId": association,
                    "RouteTableId": table,
                    "SubnetId": subnet,
                    "Main": False,
                    "AssociationState": {"State": "associated"},
                }
            )
        return described

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

    def stop(self, instance: str, state: str) -> None:
        """Let an instance stop, or be on its way there."""
        known = self.change().instances[instance]
        known.left_at = self._now() if known.state == "running" else known.left_at
        known.state = state

    def _write_route(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        table, to = arguments["RouteTableId"], arguments["DestinationCidrBlock"]
        routes = self.change().routes
        kept = [route for route in routes[table] if route.get("DestinationCidrBlock") != to]
        route = {key: value for key, value in arguments.items() if key != "RouteTableId"}
        routes[table] = [*kept, {**route, "State": "active", "Origin": "CreateRoute"}]
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
                        "PrivateIpAddresses": [{"PrivateIpAddress": known.address}] if known.address else [],
                    }
                ],
                "Tags": [{"Key": key, "Value": value} for key, value in known.tags.items()],
                "StateTransitionReason": "" if known.left_at is None else f"User initiated ({_gmt(known.left_at)} GMT)",
                **({} if known.public is None else {"PublicIpAddress": known.public}),
            }
            for i in named or self._filtered(_filters(arguments))
            if (known := self.holdings.instances.get(i)) is not None
        ]
        return {"Reservations": [{"Instances": found}]}

    def _filtered(self, filters: Mapping[str, Sequence[str]]) -> list[str]:
        """Give the instances with an id, or with a tag, an address and a state."""
        if "instance-id" in filters:
            return list(filters["instance-id"])
        tags = {k[4:]: v for k, v in filters.items() if k.startswith("tag:")}
        return [
            i
            for i, known in self.holdings.instances.items()
            if known.address in filters.get("network-interface.addresses.private-ip-address", [known.address])
            and known.state in filters.get("instance-state-name", [known.state])
            and all(known.tags.get(key) in values for key, values in tags.items())
        ]

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


def _gmt(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


def _filters(arguments: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    return {each["Name"]: each["Values"] for each in arguments.get("Filters", [])}
