"""Where a pair is, as commands in texts of the stack need to know it."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Aws

from infra.config import PairConfig
from nat_failover.names import Names


@dataclass(frozen=True)
class Location:
    """What the commands that people are given name; see ``nat_failover.telling.commands.Place``."""

    region: str
    lock_parameter: str
    log_group: str
    tables: tuple[str, str]

    @staticmethod
    def of(pair: PairConfig, standby_route_table: str) -> Location:
        """Return where a pair is, in the stack's own region."""
        names = Names(pair.name)
        return Location(Aws.REGION, names.lock, names.log_group, (pair.primary_route_table_id, standby_route_table))
