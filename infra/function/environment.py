"""Pure: what the function is told, as its settings read it."""

from __future__ import annotations

from infra.config import PairConfig
from infra.probe.document import name as document_name
from nat_failover.environment import PREFIX
from nat_failover.names import NAMESPACE, Names

# A claim must outlive the invocation that made it: an invocation that was ended by Lambda acts no more after this.
LEASE_MARGIN = 15


def environment(
    pair: PairConfig,
    *,
    standby_instance: str,
    standby_route_table: str,
    topic_arn: str,
    document_hash: str,
    document_hash_type: str,
) -> dict[str, str]:
    """Return the function's environment.

    Args:
        pair: the pair's configuration.
        standby_instance: id, or that of its network interface.
        standby_route_table: id.
        topic_arn: where people are told.
        document_hash: of the probe's document, as Systems Manager has it.
        document_hash_type: how it is taken.
    """
    names = Names(pair.name)
    variables = {
        "PAIR": pair.name,
        "LOCK_PARAMETER": names.lock,
        "CLAIM_PARAMETER": names.claim,
        "TOLD_PARAMETER": names.told,
        "PROBE_DOCUMENT": document_name(pair),
        "PROBE_DOCUMENT_HASH": document_hash,
        "PROBE_DOCUMENT_HASH_TYPE": document_hash_type,
        "PROBE_TAG_KEY": pair.probe_tag.key,
        "PROBE_TAG_VALUE": pair.probe_tag_value,
        "PRIMARY_ROUTE_TABLE": pair.primary_route_table_id,
        "STANDBY_ROUTE_TABLE": standby_route_table,
        **_nat("PRIMARY", pair.primary_instance_id, pair.primary_network_interface_id),
        **_nat("STANDBY", standby_instance, pair.standby_network_interface_id),
        "TOPIC": topic_arn,
        "MODE": pair.mode.value,
        "HANDOVER": pair.handover.value,
        "TARGETS": ",".join(pair.targets),
        "INTERVAL": f"{pair.interval:g}",
        "FAILURES": f"{pair.failures}",
        "WINDOW": f"{pair.window}",
        "PERIOD": f"{pair.period}",
        "WARM_UP": f"{pair.warm_up}",
        "FRESHNESS": f"{pair.freshness}",
        "FAILURE_THRESHOLD": f"{pair.failure_threshold}",
        "SAMPLE_SIZE": f"{pair.sample_size}",
        "FAILURE_SHARE": f"{pair.failure_share}",
        "PROVE_ACTIVE": "true" if pair.prove_active else "false",
        "MIRROR_ROUTES": "true" if pair.mirror_routes else "false",
        "CLAIM_LEASE": f"{pair.function_timeout + LEASE_MARGIN}",
    }
    if pair.mirror_endpoints:
        variables["MIRROR_ENDPOINTS"] = ",".join(pair.mirror_endpoints)
    if pair.runbook_url is not None:
        variables["RUNBOOK"] = pair.runbook_url
    if pair.auto_scaling_groups:
        variables["AUTO_SCALING_GROUPS"] = ",".join(pair.auto_scaling_groups)
    if pair.egress_address is not None:
        variables["EGRESS_ALLOCATION"] = pair.egress_address
    if pair.standby_egress_address is not None:
        variables["STANDBY_EGRESS_ALLOCATION"] = pair.standby_egress_address
    return {f"{PREFIX}{name}": value for name, value in variables.items()} | {
        "POWERTOOLS_SERVICE_NAME": pair.name,
        "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
        "POWERTOOLS_LOG_LEVEL": pair.log_level.value,
    }


def _nat(role: str, instance: str | None, interface: str | None) -> dict[str, str]:
    """Return what says which instance is a NAT: its id, or whose holder it is."""
    return {f"{role}_INSTANCE": str(instance)} if interface is None else {f"{role}_INTERFACE": interface}
