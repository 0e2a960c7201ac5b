"""moto's answers written as moto writes them, in a third of the time: most of what a call takes is its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import moto.core.serialize as moto_serialize
import xmltodict  # type: ignore[import-untyped]
from moto.core.constants import MISSING
from moto.core.serialize import AttributePickerContext, ResponseSerializer, XFormedAttributePicker
from moto.core.utils import get_value

_any_value: Any = ResponseSerializer.get_value
_keys: dict[tuple[type, str, Any], tuple[tuple[str, ...], Callable[[Any, str, Any], Any]]] = {}


def _getter(of: type, keys: Iterable[str]) -> Callable[[Any, str, Any], Any]:
    """Return what gets a member, as moto's own function would that finds out each time how."""
    if any("." in key for key in keys):
        return get_value
    if of is dict:
        return dict.get
    return get_value if hasattr(of, "__getitem__") else getattr


def _value_once(serializer: Any, value: Any, key: str, shape: Any) -> Any:
    """Return a member of an answer, by the names that it may have in moto's model: class and shape alone decide."""
    picker = serializer._value_picker
    if type(picker) is not XFormedAttributePicker:
        return _any_value(serializer, value, key, shape)
    at = (type(value), key, shape)
    known = _keys.get(at)
    if known is None:
        model = serializer.operation_model
        context = AttributePickerContext(value, key, shape, model, model.service_model, ".".join(serializer.path))
        keys = tuple(dict.fromkeys(picker.get_possible_keys(context)))
        known = _keys[at] = (keys, _getter(type(value), keys))
    keys, get = known
    for each in keys:
        found = get(value, each, MISSING)
        if found is not MISSING:
            break
    else:
        found = None
    changes = picker.response_transformers
    if changes:
        path = f"{'.'.join(serializer.path)}.{key}"
        if path.endswith(tuple(changes)):
            return next(change for end, change in changes.items() if path.endswith(end))(found)
    return found


@cache
def _method(of: type, kind: str) -> str:
    name = f"_serialize_type_{kind}"
    return name if hasattr(of, name) else "_default_serialize"


def _serialize(serializer: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Write a value by the method for its kind."""
    serializer.path.append(key or shape.name)
    getattr(serializer, _method(serializer.__class__, shape.type_name))(serialized, value, shape, key)
    serializer.path.pop()


def _unparsed(document: Mapping[str, Any], **options: Any) -> str:
    """Write XML as xmltodict does, without a handler of events between."""
    if options["pretty"] or not options["short_empty_elements"]:
        return str(xmltodict.unparse(document, **options))
    parts = ['<?xml version="1.0" encoding="utf-8"?>\n'] if options["full_document"] else []
    for name, value in document.items():
        _element(parts, name, value)
    return "".join(parts)


def _element(parts: list[str], name: str, value: Any) -> None:
    xmltodict._validate_name(name, "element")
    many = not isinstance(value, str | bytes | bytearray | dict) and isinstance(value, Iterable)
    for each in value if many else (value,):
        if isinstance(each, dict):
            _branch(parts, name, each)
        else:
            text = "" if each is None else escape(xmltodict._convert_value_to_string(each))
            parts.append(f"<{name}>{text}</{name}>" if text else f"<{name}/>")


def _branch(parts: list[str], name: str, members: Mapping[str, Any]) -> None:
    attributes, text = "", ""
    children = []
    for key, value in members.items():
        if key == "#text":
            text = "" if value is None else escape(xmltodict._convert_value_to_string(value))
        elif key[:1] == "@":
            told = "" if value is None else xmltodict._convert_value_to_string(value)
            attributes += f" {key[1:]}={quoteattr(told)}"
        elif value != []:
            children.append((key, value))
    if not children and not text:
        parts.append(f"<{name}{attributes}/>")
        return
    parts.append(f"<{name}{attributes}>")
    for key, value in children:
        _element(parts, key, value)
    parts.append(f"{text}</{name}>")


REPLACED: tuple[tuple[Any, str, Any], ...] = (
    (ResponseSerializer, "get_value", _value_once),
    (ResponseSerializer, "_serialize", _serialize),
    (moto_serialize, "xmltodict", SimpleNamespace(unparse=_unparsed)),
)
