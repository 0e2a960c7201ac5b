"""Pure checks of the pair's route tables and of who uses them."""

from __future__ import annotations

from nat_failover.cli.checks.finding import BRING_BACK, Findings, error, warning
from nat_failover.cli.checks.nats import table_of
from nat_failover.cli.snapshot.snapshot import ROUTES_QUOTA, Snapshot
from nat_failover.network.route_differences import PROPAGATED, Difference


def missing(s: Snapshot) -> Findings:
    """A route table of the pair that is gone."""
    if s.view_trouble is not None:
        yield error(
            "table-missing",
            s.view_trouble,
            "nothing can fail over",
            f"if it is the stack's: {BRING_BACK}\nif it is yours: set the right ids and cdk deploy",
        )


def default_routes(s: Snapshot) -> Findings:
    """A table whose default route is missing, leads nowhere, or not to its NAT."""
    if s.view is None:
        return
    for table_id, table in s.view.tables.by_id.items():
        if table.trouble is None:
            continue
        nat = s.settings.nat_of(table_id)
        verb = "replace-route" if table.has_default_route else "create-route"
        interface = s.settings.interface_of(table_id)
        if interface is None and nat in s.view.instances:
            interface = s.view.instances[nat].interface
        to = f"--network-interface-id {interface}" if interface else f"--instance-id {nat}"
        yield error(
            "default-route",
            table.trouble,
            "subnets on it are offline" if nat == s.active else "subnets that are moved to it would stay offline",
            f"aws ec2 {verb} --route-table-id {table_id} --destination-cidr-block 0.0.0.0/0 {to}{s.options}",
        )


def use(s: Snapshot) -> Findings:
    """No subnet on either table, or some on each."""
    if s.view is None or s.view.tables.active is not None:
        return
    if not s.protected():
        yield error(
            "no-subnets",
            "no subnet is explicitly associated with either route table of the pair",
            "there is nothing to protect",
            f"aws ec2 associate-route-table --route-table-id {s.settings.primary_route_table} "
            f"--subnet-id subnet-...{s.options}",
        )
        return
    fewer = min(s.view.tables.by_id.values(), key=lambda table: len(table.associations))
    other = s.settings.other_table(fewer.table_id)
    move = [
        f"aws ec2 replace-route-table-association --association-id {association} --route-table-id {other}{s.options}"
        for _, association in sorted(fewer.associations.items())
    ]
    yield error(
        "split",
        f"the subnets are split over both tables: {', '.join(sorted(fewer.associations))} on {fewer.table_id}, "
        f"the others on {other}",
        "nothing fails over, because neither NAT is the active one",
        "\n".join(move),
    )


def implicit(s: Snapshot) -> Findings:
    """A subnet that follows the main route table where that is the pair's: no association, nothing to replace."""
    if s.tables is None or s.subnets is None:
        return
    explicit = {a["SubnetId"] for t in s.tables.values() for a in t.get("Associations", []) if a.get("SubnetId")}
    for subnet in sorted(s.subnets.keys() - explicit):
        table = table_of(s, subnet)
        with_backends = any(raw.get("SubnetId") == subnet for raw in s.backends.values())
        ours = table is not None and table["RouteTableId"] in s.settings.tables
        if not ours and not with_backends:
            continue
        wanted = s.view.tables.active if s.view and s.view.tables.active else s.settings.primary_route_table
        yield error(
            "implicit-association",
            f"subnet {subnet} has no explicit association, it follows the main route table",
            "it would be left behind by a failover",
            f"aws ec2 associate-route-table --subnet-id {subnet} --route-table-id {wanted}{s.options}",
        )


def differences(s: Snapshot) -> Findings:
    """Routes that the subnets would lose or gain by a failover."""
    if s.view is None:
        return
    if s.view.tables.active is None:
        return
    passive = s.settings.other_table(s.view.tables.active)
    for difference in s.view.tables.differences(s.view.instances):
        yield warning(
            "tables-differ",
            difference.in_words,
            f"a failover to {passive} would change more than the NAT",
            _alike(s, difference, passive),
        )


def _alike(s: Snapshot, difference: Difference, passive: str) -> str:
    """Return how the passive table is made to treat a destination as the active one does."""
    if difference.active is None or not difference.mirrored:
        return f"change {passive} by hand, as you see fit (create-route, replace-route, delete-route)"
    of_endpoint = difference.of_gateway_endpoint
    if s.settings.mirror_routes and (not of_endpoint or difference.active.resource in s.settings.mirror_endpoints):
        return "nothing: mirrorRoutes copies it at the next tick"
    if s.settings.mirror_routes:
        setting = f"add {difference.active.resource} to mirrorEndpoints"
    else:
        setting = f"set mirrorRoutes (or {'gatewayEndpoints' if of_endpoint else 'routes'})"
    command = difference.command(passive, s.pair.region)
    by_hand = "" if command is None else f", or:\n{command.removesuffix(f' --region {s.pair.region}')}{s.options}"
    return f"{setting} and cdk deploy{by_hand}"


def room(s: Snapshot) -> Findings:
    """A table of the pair that is about to be full."""
    for table_id in s.settings.tables:
        table = (s.tables or {}).get(table_id)
        if table is None or s.routes_quota is None:
            continue
        # Propagated routes have a quota of their own.
        count = sum(1 for route in table.get("Routes", []) if route.get("Origin") != PROPAGATED)
        if count >= s.routes_quota - 1:
            yield warning(
                "routes-quota",
                f"{table_id} has {count} routes of the {s.routes_quota:g} that it may have",
                "no more routes can be added to it, or mirrored",
                f"aws service-quotas request-service-quota-increase --service-code vpc --quota-code {ROUTES_QUOTA} "
                f"--desired-value {s.routes_quota * 2:g}{s.options}",
            )


CHECKS = (missing, default_routes, use, implicit, differences, room)
