"""From the context's block to typed objects, collecting every problem on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, cast

from infra.config.across_pairs import check_together
from infra.config.kinds import INVALID, SettingKind
from infra.config.pair import PairConfig
from infra.config.problems import ConfigurationError, missing, refused, shown, unknown
from infra.config.stacks import ACCOUNT, REGION, Configuration, StackConfig, StackSettings
from infra.config.within_pair import OF_A_NEW_STANDBY, check_settings

ROOT = "nat-failover"
# What has to be told where nothing is configured yet.
EXAMPLE: dict[str, object] = {
    "pairs": [
        {
            "name": "main",
            "vpcId": "vpc-0123456789abcdef0",
            "primaryRouteTableId": "rtb-0123456789abcdef0",
            "primaryInstanceId": "i-0123456789abcdef0",
            "standbySubnetId": "subnet-0123456789abcdef0",
        }
    ]
}
_TOP = ("pairs", "defaults", "stacks", "account", "region")


def read_configuration(block: object) -> Configuration:
    """Read the whole block.

    Args:
        block: what stands under ``nat-failover`` in the context: ``pairs``, and where wanted ``defaults`` (settings for
            every pair that does not set them itself), ``stacks``, ``account`` and ``region``.

    Raises:
        ConfigurationError: with a sentence for every problem.
    """
    problems: list[str] = []
    configuration = _read(block, problems)
    if configuration is None or problems:
        raise ConfigurationError(problems)
    return configuration


def checked_pair(pair: PairConfig) -> PairConfig:
    """Check a pair that was made in Python, not read.

    Returns:
        The same, with each value of the very type that it is declared with.

    Raises:
        ConfigurationError: with a sentence for every problem.
    """
    problems: list[str] = []
    path = f"pair {pair.name}"
    values = _again(pair, path, problems)
    check_settings(values, path, problems)
    if problems:
        raise ConfigurationError(problems)
    return PairConfig(**values)


def _again(settings: object, path: str, problems: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for f in fields(cast("Any", settings)):
        value = getattr(settings, f.name)
        if value is None or (f.default is not MISSING and value == f.default):
            values[f.name] = f.default
        elif is_dataclass(value):
            inner = _again(value, f"{path}.{key_of(f)}", problems)
            values[f.name] = INVALID if INVALID in inner.values() else f.metadata["section"](**inner)
        else:
            values[f.name] = _kind(f).read(value, f"{path}.{key_of(f)}", problems)
    return values


def key_of(setting: Field[Any]) -> str:
    """Return a setting's name as it is written in the configuration: ``vpc_id`` is ``vpcId``."""
    first, *rest = setting.name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def settings_of(kind: type) -> list[Field[Any]]:
    """Return the settings of a dataclass: first those that can't be left out, then its own, then those of its bases."""

    def rank(f: Field[Any]) -> tuple[bool, bool]:
        mandatory = f.default is MISSING and f.default_factory is MISSING
        return (not mandatory, f.name not in kind.__annotations__)

    return sorted(fields(kind), key=rank)


def _read(block: object, problems: list[str]) -> Configuration | None:
    if not isinstance(block, Mapping):
        problems.append(refused(ROOT, block, "an object with a list of pairs", EXAMPLE))
        return None
    problems += [unknown(ROOT, str(key), _TOP) for key in block if key not in _TOP]
    account = _optional(ACCOUNT, block, "account", problems)
    region = _optional(REGION, block, "region", problems)
    defaults = _settings(PairConfig, block.get("defaults") or {}, f"{ROOT}.defaults", problems, partial=True)
    if "name" in defaults:
        problems.append(f"{ROOT}.defaults.name is {shown(defaults['name'])}: each pair must have a name of its own")
    blocks = block.get("pairs") or []
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        problems.append(refused(f"{ROOT}.pairs", blocks, "a list of pairs", EXAMPLE["pairs"]))
        return None
    if not blocks:
        problems.append(
            f"no pair is configured: {ROOT}.pairs is empty. Fill it in in cdk.json, or give a YAML or JSON file with "
            f"-c config=FILE. The least that a pair needs: {shown_example()}"
        )
        return None
    pairs: list[dict[str, Any]] = []
    for i, pair in enumerate(blocks):
        path = f"{ROOT}.pairs[{i}]"
        values = _settings(PairConfig, pair, path, problems, inherited=_inherited(pair, defaults))
        found: list[str] = []
        if isinstance(pair, Mapping):
            check_settings(values, path, found)
        at_origin = (_at_its_origin(problem, path, pair, block.get("defaults")) for problem in found)
        problems += [problem for problem in dict.fromkeys(at_origin) if problem not in problems]
        pairs.append(values)
    stacks = _stacks(block.get("stacks"), pairs, problems)
    places = {stack.name: (stack.account or account, stack.region or region) for stack in stacks}
    check_together(pairs, stacks, places, problems)
    if problems:
        return None
    ready = {values["name"]: PairConfig(**values) for values in pairs}
    return Configuration(
        tuple(StackConfig(s.name, tuple(ready[name] for name in s.pairs), *places[s.name]) for s in stacks)
    )


def _inherited(pair: object, defaults: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the defaults that concern a pair: what the stack makes a standby of does not, where one exists."""
    exists = isinstance(pair, Mapping) and pair.get("standbyInstanceId") is not None
    return {name: value for name, value in defaults.items() if not (exists and name in OF_A_NEW_STANDBY)}


def _at_its_origin(problem: str, path: str, pair: Mapping[str, object], defaults: object) -> str:
    """Return a pair's problem as one of the defaults, once for all pairs, if the setting is theirs."""
    key = problem.removeprefix(f"{path}.").partition(" ")[0]
    own = [name for name in pair if name != "name" and re.search(rf"\b{re.escape(str(name))}\b", problem)]
    theirs = isinstance(defaults, Mapping) and defaults.get(key) is not None and not own
    return problem.replace(path, f"{ROOT}.defaults", 1) if theirs else problem


def shown_example() -> str:
    """Return the example of a pair as one line of JSON."""
    return str(EXAMPLE["pairs"]).replace("'", '"')


def _stacks(blocks: object, pairs: list[dict[str, Any]], problems: list[str]) -> tuple[StackSettings, ...]:
    if blocks is None:
        names = tuple(values["name"] for values in pairs if isinstance(values.get("name"), str))
        return (StackSettings(name="nat-failover", pairs=names),)
    path = f"{ROOT}.stacks"
    if not isinstance(blocks, Sequence) or isinstance(blocks, str) or not blocks:
        problems.append(refused(path, blocks, "a list of stacks", [{"name": "nat-failover", "pairs": ["main"]}]))
        return ()
    read = [_settings(StackSettings, block, f"{path}[{i}]", problems) for i, block in enumerate(blocks)]
    complete = [values for values in read if INVALID not in values.values() and {"name", "pairs"} <= values.keys()]
    return tuple(StackSettings(**values) for values in complete)


def _settings(
    kind: type,
    block: object,
    path: str,
    problems: list[str],
    *,
    inherited: Mapping[str, Any] | None = None,
    partial: bool = False,
) -> dict[str, Any]:
    """Read the settings of a dataclass by field name; INVALID stands for those refused, the missing are not there."""
    if not isinstance(block, Mapping):
        problems.append(refused(path, block, "an object with settings", {}))
        return {}
    known = {key_of(f): f for f in settings_of(kind)}
    problems += [unknown(path, str(key), list(known)) for key in block if key not in known]
    values: dict[str, Any] = {}
    for key, setting in known.items():
        # A null is no value: YAML makes it of a name with nothing behind it.
        if block.get(key) is not None:
            values[setting.name] = _value(setting, block[key], f"{path}.{key}", problems)
        elif inherited and setting.name in inherited:
            values[setting.name] = inherited[setting.name]
        elif partial:
            continue
        elif setting.default is not MISSING:
            values[setting.name] = setting.default
        elif setting.default_factory is not MISSING:
            values[setting.name] = setting.default_factory()
        else:
            problems.append(missing(f"{path}.{key}", _kind(setting).allowed, _kind(setting).example))
    return values


def _value(setting: Field[Any], value: object, path: str, problems: list[str]) -> object:
    section = setting.metadata.get("section")
    if section is None:
        return _kind(setting).read(value, path, problems)
    values = _settings(section, value, path, problems)
    return INVALID if INVALID in values.values() else section(**values)


def _optional(kind: SettingKind, block: Mapping[str, object], key: str, problems: list[str]) -> str | None:
    value = block.get(key)
    read = None if value is None else kind.read(value, f"{ROOT}.{key}", problems)
    return read if isinstance(read, str) else None


def _kind(setting: Field[Any]) -> SettingKind:
    return cast("SettingKind", setting.metadata["kind"])
