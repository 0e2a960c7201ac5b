"""Puts the gate before S3, whose requests moto dispatches by itself: by method, path and query, as S3 does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from botocore.exceptions import ClientError
from botocore.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.utils import get_service_model
from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

Admit = Callable[[str, str, Mapping[str, Any]], None]

# What SDKs add to every request, so that logs tell operations apart.
NAMED = "x-id"


def judged(response: S3Response, admit: Admit, *, has_key: bool) -> None:
    """Have a request judged.

    Args:
        admit: raises ``ClientError`` where AWS refuses it.
        has_key: it is about an object, and not about a bucket or all of them.

    Raises:
        moto.s3.exceptions.S3ClientError: AWS refuses it.
    """
    request = response.normalized_request
    path = {"Bucket": response.bucket_name or "", "Key": response.parse_key_name() if has_key else ""}
    uri = "/{Bucket}/{Key+}" if has_key else "/{Bucket}" if response.bucket_name else "/"
    name = operation(request.method, uri, request.args.to_dict(flat=False), {k.lower(): v for k, v in request.headers})
    if name is None:
        return
    model = get_service_model("s3").operation_model(name)
    arguments = PROTOCOL_PARSERS["rest-xml"](model, map_type=dict).parse(
        {
            "method": request.method,
            "values": request.args,
            "headers": request.headers,
            "body": response.body,
            "url_path": request.path,
            "url_params": path,
        }
    )
    try:
        admit("s3", name, {member: value for member, value in arguments.items() if value is not None})
    except ClientError as error:
        raise S3ClientError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error


def operation(method: str, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> str | None:
    """Return which operation a request is: of those that it has all of, the one that takes most; None for none.

    Args:
        path: ``/``, ``/{Bucket}`` or ``/{Bucket}/{Key+}``.
        query: values by name.
        headers: by name, in lower case.
    """
    found = {
        name: needed
        for name, needed in sorted(_operations().get((method, path), {}).items())
        if all(
            key.lower() in headers if where == "header" else key in query and value in ("", *query[key])
            for where, key, value in needed
        )
    }
    return max(found, key=lambda name: len(found[name]), default=None)


@cache
def _operations() -> Mapping[tuple[str, str], Mapping[str, frozenset[tuple[str, str, str]]]]:
    """Return what each operation needs beside its method and path, by these: where, which name, and which value."""
    model = get_service_model("s3")
    found: dict[tuple[str, str], dict[str, frozenset[tuple[str, str, str]]]] = {}
    for name in model.operation_names:
        one = model.operation_model(name)
        path, _, query = one.http["requestUri"].partition("?")
        fixed = parse_qs(query, keep_blank_values=True)
        needed = {("querystring", key, value) for key, values in fixed.items() if key != NAMED for value in values}
        found.setdefault((one.http["method"], path), {})[name] = frozenset(needed | _required(one))
    return found


def _required(one: OperationModel) -> set[tuple[str, str, str]]:
    shape = one.input_shape
    members = [] if shape is None else [(key, shape.members[key].serialization) for key in shape.required_members]
    return {
        (of["location"], of.get("name", key), "")
        for key, of in members
        if of.get("location") in ("header", "querystring")
    }
