"""EC2: which route table the protected subnets use, and the swap."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.network.route_differences import DEFAULT_ROUTE, TARGETS, read_routes
from nat_failover.network.route_table_pair import Table, Tables
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import RouteTableTypeDef, RouteTypeDef

log = logging.getLogger(__name__)

# Pauses before each further try of a swap, in seconds. botocore has retried throttling and 5xx by itself before.
PAUSES = (0.2, 0.5, 1.0)
# What EC2 says of an association that has been replaced by a call whose answer got lost. A reading of the tables that
# is old shows it still; they are read anew after these pauses:
# https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
REPLACED = "InvalidAssociationID.NotFound"
PAUSES_OF_OLD_READINGS = (2.0, 4.0)


class RouteTablesError(Exception):
    """The pair's route tables are not what they must be; the message says what to do."""


class SwapFailedError(Exception):
    """Not every subnet could be moved.

    Attributes:
        moved: subnets that are on the new table.
        left: subnets that are not, with what EC2 said.
    """

    def __init__(self, moved: tuple[str, ...], left: Mapping[str, str]) -> None:
        self.moved = moved
        self.left = dict(left)
        super().__init__(
            f"{len(left)} of {len(left) + len(moved)} subnets could not be moved: "
            + "; ".join(f"{subnet}: {why}" for subnet, why in sorted(left.items()))
        )


class Routes:
    """The pair's route tables in EC2.

    Args:
        ec2: boto3 client.
        settings: names the tables and the NATs behind them.
        runtime: waiting, and doing things at the same time.
    """

    def __init__(self, ec2: EC2Client, settings: Settings, runtime: Runtime) -> None:
        self._ec2 = ec2
        self._settings = settings
        self._runtime = runtime

    def read(self) -> Tables:
        """Read both tables.

        Raises:
            RouteTablesError: one of them does not exist.
            botocore.exceptions.ClientError: EC2 refuses.
        """
        # A filter, unlike RouteTableIds, is no error where one is missing: which one is then known. A page may be
        # short, or empty, and have another behind it:
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html
        pages = self._ec2.get_paginator("describe_route_tables").paginate(
            Filters=[{"Name": "route-table-id", "Values": list(self._settings.tables)}]
        )
        found = {table["RouteTableId"]: table for page in pages for table in page["RouteTables"]}
        for table_id in self._settings.tables:
            if table_id not in found:
                raise RouteTablesError(
                    f"there is no {self._settings.role_of(table_id)} route table {table_id} in this account and "
                    "region: correct the pair's configuration and deploy"
                )
        return Tables({table_id: self._table(found[table_id]) for table_id in self._settings.tables})

    def _table(self, described: RouteTableTypeDef) -> Table:
        table_id = described["RouteTableId"]
        associations = {
            a["SubnetId"]: a["RouteTableAssociationId"]
            for a in described.get("Associations", [])
            if a.get("SubnetId")
            and a.get("AssociationState", {}).get("State", "associated") in ("associated", "associating")
        }
        gateways = [gateway["GatewayId"] for gateway in described.get("PropagatingVgws", [])]
        routes = read_routes(described.get("Routes", []), gateways)
        default = next((r for r in described.get("Routes", []) if r.get("DestinationCidrBlock") == DEFAULT_ROUTE), None)
        nat = self._settings.nat_of(table_id)
        interface = None if default is None else default.get("NetworkInterfaceId")
        holder = None if default is None else default.get("InstanceId")
        trouble = _trouble(table_id, default, self._settings.interface_of(table_id) or nat)
        return Table(table_id, associations, trouble, routes, nat, default is not None, interface, holder)

    def swap(
        self,
        from_table: str,
        to_table: str,
        known: Tables,
        allowed: Callable[[], None],
        only: Collection[str] | None = None,
    ) -> tuple[str, ...]:
        """Move every subnet from one table to the other, all at the same time.

        The first try goes by what is known, since every second counts; then the tables are read anew: association ids
        change with every replacement, subnets may have come or gone. Calling it again is harmless.

        Args:
            from_table: route table id.
            to_table: route table id.
            known: both tables as they were read last.
            allowed: called before each try; raises where nothing may be changed any more.
            only: subnet ids, where not every subnet is to be moved.

        Returns:
            All subnets that are on ``to_table``.

        Raises:
            SwapFailedError: some could not be moved, after a bounded number of tries.
            Exception: what ``allowed`` raises.
        """
        moved: set[str] = set()
        left = _chosen(known.by_id[from_table], only)
        errors: dict[str, str] = {}
        for pause in (*PAUSES, *PAUSES_OF_OLD_READINGS, None):
            allowed()
            errors = self._replace_all(left, to_table)
            moved.update(set(left) - set(errors))
            try:
                tables = self.read()
            except (ClientError, BotoCoreError, RouteTablesError) as error:
                left = {s: a for s, a in left.items() if s not in moved}
                errors = errors or {"route tables": f"can't be read: {error_in_words(error)}"}
            else:
                # A read may be a little old: what EC2 has accepted is moved, whatever it says.
                moved.update(tables.by_id[to_table].associations)
                left = {s: a for s, a in _chosen(tables.by_id[from_table], only).items() if s not in moved}
                if not left:
                    return tuple(sorted(moved))
                errors = {s: errors.get(s, "still on the old table") for s in left}
            log.warning("subnets not moved yet", extra={"errors": errors})
            old_reading = all(why.startswith(REPLACED) for why in errors.values())
            if pause is None or (pause in PAUSES_OF_OLD_READINGS and not old_reading):
                break
            self._runtime.sleep(pause)
        raise SwapFailedError(tuple(sorted(moved)), errors)

    def _replace_all(self, associations: Mapping[str, str], to_table: str) -> dict[str, str]:
        """Replace associations at the same time; gives what EC2 said of those that it refused."""

        def replacing(subnet: str, association: str) -> Callable[[], str | None]:
            def replace() -> str | None:
                try:
                    answer: Any = self._ec2.replace_route_table_association(
                        AssociationId=association, RouteTableId=to_table
                    )
                except (ClientError, BotoCoreError) as error:
                    return error_in_words(error)
                log.info("subnet moved", extra={"subnet": subnet, "association": answer.get("NewAssociationId")})
                return None

            return replace

        calls = [replacing(subnet, association) for subnet, association in associations.items()]
        results = self._runtime.together(calls) if calls else []
        return {s: why for s, why in zip(associations, results, strict=True) if why is not None}


def _trouble(table_id: str, default: RouteTypeDef | None, nat: str) -> str | None:
    """Return why the default route of a table would not carry traffic to its NAT, an instance or a network interface.

    None where it would.
    """
    if default is None:
        return f"{table_id} has no default route"
    if default.get("State") == "blackhole":
        return f"the default route of {table_id} is a blackhole"
    # A route to a network interface tells the instance, too, as long as it is attached to one.
    target = next((str(default[key]) for key in TARGETS if key in default), "nowhere")  # type: ignore[literal-required]
    if nat.startswith("eni-"):
        leads_there = default.get("NetworkInterfaceId") == nat
    else:
        leads_there = default.get("InstanceId", nat if "NetworkInterfaceId" in default else None) == nat
    if not leads_there:
        return f"the default route of {table_id} leads to {default.get('InstanceId', target)}, not to {nat}"
    return None


def _chosen(table: Table, only: Collection[str] | None) -> dict[str, str]:
    return {s: a for s, a in table.associations.items() if only is None or s in only}
