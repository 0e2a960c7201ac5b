"""EC2's lists, their filters and pages: what the documentation of each operation says by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tests.gate.requests.constraints import model
from tests.gate.requests.judged import Arguments, Judged, rule


def api(member: str) -> str:
    """Return a member's name as the API has it."""
    return member[0].lower() + member[1:]


def filters_of(arguments: Arguments) -> list[Mapping[str, Any]]:
    """Return the filters of a request."""
    return list(arguments.get("Filters") or ())


def of_operation(operation: str) -> tuple[tuple[Judged, Callable[[Arguments], str | None]], ...]:
    """Return the rules that each operation's documentation makes anew, and their judges."""
    shape = model("ec2").operation_model(operation).input_shape
    members: Mapping[str, Any] = {} if shape is None else shape.members
    made: list[tuple[Judged, Callable[[Arguments], str | None]]] = []
    if "Filters" in members:
        made.append((FILTER_NAMES, lambda arguments: _unknown_filter(operation, arguments)))
    if "MaxResults" in members:
        low, high, excluded = _page(operation)
        made.append((PAGE_SIZES, lambda arguments: _outside(arguments, low, high)))
        made.append((PAGED_IDS, lambda arguments: _paged_ids(arguments, excluded)))
    if "DryRun" in members:
        made.append((DRY_RUN, _dry))  # the last: what is wrong with a request is answered first
    return tuple(made)


def _decided_by_operation(arguments: Arguments) -> str | None:
    """Judge nothing: ``of_operation`` does, for each operation by itself."""
    del arguments
    return None


FILTER_NAMES = rule(
    *("R9d", "ec2:*", "A filter's name is one that the operation's documentation lists.", "InvalidParameterValue"),
    "model; seen: aws/aws-cli #7225",
)(_decided_by_operation)
PAGE_SIZES = rule(
    *("R9g", "ec2:*", "MaxResults is between 5 and the maximum that the documentation names, mostly 1,000."),
    "InvalidParameterValue",
)(_decided_by_operation)
PAGED_IDS = rule(
    *("R9j", "ec2:DescribeInstances, ec2:DescribeInstanceStatus, ec2:DescribeNetworkInterfaces"),
    *("MaxResults goes with no list of ids.", "InvalidParameterCombination"),
)(_decided_by_operation)


DRY_RUN = rule(
    *("R9n", "ec2:*", "With DryRun nothing is done, and what would have been is answered with an error."),
    "DryRunOperation",
)(_decided_by_operation)


@cache
def filter_names(operation: str) -> frozenset[str]:
    """Return the filters that an operation's documentation lists; none where it lists none."""
    shape: Any = model("ec2").operation_model(operation).input_shape
    documentation = shape.members["Filters"].documentation
    return frozenset(re.findall(r"<li>\s*<p>\s*<code>([^<]+)</code>", documentation)) | frozenset(
        re.findall(r"also use <code>([^<]+)</code> as the filter name", documentation)
    )


def _dry(arguments: Arguments) -> str | None:
    return "Request would have succeeded, but DryRun flag is set." if arguments.get("DryRun") else None


def _unknown_filter(operation: str, arguments: Arguments) -> str | None:
    known = filter_names(operation)
    # Written tag:<key> for some operations, for others as the word and what follows it.
    tagged = any(name.partition(":")[0] == "tag" for name in known)
    wrong = [
        name
        for each in filters_of(arguments)
        if (name := str(each.get("Name"))) not in known and not (tagged and name.startswith("tag:"))
    ]
    return f"The filter '{wrong[0]}' is invalid" if wrong and known else None


@cache
def _page(operation: str) -> tuple[int, int, tuple[str, ...]]:
    """Return the least and the most of a page, and the members that go with no page."""
    shape: Any = model("ec2").operation_model(operation).input_shape
    documentation = re.sub(r"<[^>]+>", "", shape.members["MaxResults"].documentation)
    bounds = re.search(r"between (\d+) and ([\d,]+)", documentation)
    low, high = (int(bounds[1]), int(bounds[2].replace(",", ""))) if bounds else (1, 1000)
    excluded = re.search(r"cannot specify this parameter and the (\w+(?: \w+)?) IDs parameter", documentation)
    name = excluded[1].title().replace(" ", "") + "Ids" if excluded else ""
    return low, high, (name,) if name in shape.members else ()


def _outside(arguments: Arguments, low: int, high: int) -> str | None:
    size = arguments.get("MaxResults")
    if not isinstance(size, int) or low <= size <= high:
        return None
    bound = f"greater than or equal to {low}" if size < low else f"less than or equal to {high}"
    return f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value {bound}."


def _paged_ids(arguments: Arguments, excluded: tuple[str, ...]) -> str | None:
    both = arguments.get("MaxResults") and [name for name in excluded if arguments.get(name)]
    return f"The parameter {api(both[0])} cannot be used with the parameter maxResults" if both else None
