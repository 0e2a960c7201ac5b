"""The configuration: one block of context, read into typed and frozen objects, with every problem told at once."""

from infra.config.choices import GatewayService, LogLevel, ProbeTag, SsmAccess
from infra.config.pair import PairConfig
from infra.config.problems import ConfigurationError
from infra.config.reading import checked_pair, read_configuration
from infra.config.routes import ExtraRoute
from infra.config.stacks import Configuration, StackConfig

__all__ = [
    "Configuration",
    "ConfigurationError",
    "ExtraRoute",
    "GatewayService",
    "LogLevel",
    "PairConfig",
    "ProbeTag",
    "SsmAccess",
    "StackConfig",
    "checked_pair",
    "read_configuration",
]
