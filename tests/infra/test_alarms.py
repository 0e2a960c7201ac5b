"""Alarms: each looks at what the function writes, waits as long as is right, tells the right people, and says what to do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from infra.metrics import DIMENSION, NAMESPACE, Metric
from nat_failover import observability

SOURCES = sorted(Path(observability.__file__).parent.glob("*.py"))


def written(tree: ast.AST) -> Iterator[str]:
    """Give the names of the metrics that a module writes, one by one or in a loop over a dictionary."""
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Call):
            looped = getattr(node.iter.func, "value", None)
            if isinstance(looped, ast.Dict) and "metrics.count(name" in ast.unparse(node):
                yield from (ast.literal_eval(key) for key in looped.keys if key is not None)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("metrics.count", "metrics.seconds"):
            if isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
            else:
                assert ast.unparse(node.args[0]) == "name", "a metric whose name this test can't see"


def test_every_metric_that_the_function_writes_is_known_here_and_no_other() -> None:
    found = {name for source in SOURCES for name in written(ast.parse(source.read_text(encoding="utf-8")))}
    assert found == {metric.value for metric in Metric}


def test_namespace_and_dimension_are_the_function_s() -> None:
    assert NAMESPACE == observability.NAMESPACE
    assert DIMENSION == "service"
