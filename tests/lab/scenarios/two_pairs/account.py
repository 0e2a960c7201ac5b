"""The account in which two zones back each other up, deployed by the very configuration that MIGRATION.md shows."""

from __future__ import annotations

import copy

from infra.constructs.user_data import USER_DATA, filled_in
from tests.infra.documents import two_zones
from tests.lab.cloud.cloud import Cloud
from tests.lab.cloud.moto_cloud import IMAGE, MotoCloud
from tests.lab.cloud.template import placed, synthesized_of
from tests.lab.network.layout import TARGETS, VPC_CIDR

PAIR, OTHER = "zone-a", "zone-b"


class TwoZonesCloud(MotoCloud):
    """See ``Cloud``; of the first zone's pair, whose standby is the second zone's NAT."""

    def _make_vpc(self) -> None:
        self._pair = PAIR
        super()._make_vpc()
        layout, (nat01, nat02) = self.network.layout, self.network.layout.nats
        self._groups[nat02.name] = self._groups[nat01.name]
        self._groups |= dict.fromkeys(
            (host.name for host in layout.other_backends), self._groups[layout.backends[0].name]
        )
        user_data = filled_in(USER_DATA.read_text(encoding="utf-8"), "", TARGETS, (VPC_CIDR,), resets=False)
        self.instances[nat02.name] = self._run(nat02, {"Name": nat02.name}, user_data)
        for host in layout.other_backends:
            self.instances[host.name] = self._run(host, {"Name": host.name, "nat-failover:probe": OTHER})
        self._tables = {
            name: self._table_to(nat.name)
            for name, nat in (("standby-a", nat02), ("primary-b", nat02), ("standby-b", nat01))
        }
        for subnet in layout.other_subnets:
            self.ec2.associate_route_table(RouteTableId=self._tables["primary-b"], SubnetId=self.subnets[subnet.name])
        self.set_source_dest_check(nat02.name, on=False)

    def _table_to(self, nat: str) -> str:
        made = self.ec2.create_route_table(VpcId=self._ids["vpcId"])["RouteTable"]["RouteTableId"]
        self.ec2.create_route(RouteTableId=made, DestinationCidrBlock="0.0.0.0/0", InstanceId=self.instances[nat])
        return str(made)

    def _template(self) -> str:
        configuration = two_zones()
        first, second = configuration["pairs"]
        names = {
            first["vpcId"]: self._ids["vpcId"],
            first["primaryRouteTableId"]: self.primary_table,
            first["standbyRouteTableId"]: self._tables["standby-a"],
            second["primaryRouteTableId"]: self._tables["primary-b"],
            second["standbyRouteTableId"]: self._tables["standby-b"],
            first["primaryInstanceId"]: self.instances["nat01"],
            second["primaryInstanceId"]: self.instances["nat02"],
        }
        configuration["pairs"] = [pair | self._settings | {"mode": "automatic"} for pair in (first, second)]
        return placed(synthesized_of(configuration), names, IMAGE)

    def other(self) -> Cloud:
        """Return the same account as the other pair's function sees it, once it is deployed."""
        view = copy.copy(self)
        function = self.functions.get_function_configuration(FunctionName=f"nat-failover-{OTHER}")
        view._pair = OTHER
        view.environment = function["Environment"]["Variables"]
        view.function_arn = function["FunctionArn"]
        view.primary_table = view.environment["NAT_FAILOVER_PRIMARY_ROUTE_TABLE"]
        view.standby_table = view.environment["NAT_FAILOVER_STANDBY_ROUTE_TABLE"]
        view.lock_name = view.environment["NAT_FAILOVER_LOCK_PARAMETER"]
        view.document = view.documents[view.environment["NAT_FAILOVER_PROBE_DOCUMENT"]]
        return view
