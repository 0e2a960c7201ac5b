"""What moto and botocore work out anew for every call, and would find the same: worked out once a process.

It was a third of what a call to moto takes, and a test makes a hundred.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import moto.core.responses as moto_responses
import moto.core.utils as moto_utils
import xmltodict  # type: ignore[import-untyped]
from botocore import parsers
from botocore.client import ClientCreator
from botocore.hooks import EventAliaser
from moto.core.constants import MISSING
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import _get_value_for_key, get_value, method_names_from_class

_possible_keys = XFormedAttributePicker.get_possible_keys
_alias_event_name: Any = vars(EventAliaser)["_alias_event_name"]
_create_methods: Any = vars(ClientCreator)["_create_methods"]
_methods: dict[tuple[type, int], list[str]] = {}
_keys: dict[tuple[Any, ...], tuple[str, ...]] = {}
_aliases: dict[str, str] = {}
_clients: dict[str, dict[str, Any]] = {}


def _methods_once(of: type) -> list[str]:
    """Return the names of a class's methods; tests give moto's classes more of them."""
    at = (of, sum(len(vars(each)) for each in of.__mro__))
    if at not in _methods:
        _methods[at] = method_names_from_class(of)
    return _methods[at]


def _keys_once(picker: XFormedAttributePicker, context: AttributePickerContext) -> tuple[str, ...]:
    """Return the names that a member of an answer may have in moto's model: they hang on class and shape alone."""
    at = (type(context.obj), context.key, context.shape)
    if at not in _keys:
        _keys[at] = tuple(dict.fromkeys(_possible_keys(picker, context)))
    return _keys[at]


def _picked(picker: XFormedAttributePicker, context: AttributePickerContext) -> Any:
    """Return a member's value; whether one of the ways to change it is for its path is asked of all of them at once."""
    value: Any
    for key in _keys_once(picker, context):
        value = get_value(context.obj, key, MISSING)
        if value is not MISSING:
            break
    else:
        value = None
    path, changes = f"{context.key_path}.{context.key}", picker.response_transformers
    if path.endswith(tuple(changes)):
        value = next(change for end, change in changes.items() if path.endswith(end))(value)
    return value


def _value(of: Any, key: int | str, default: Any) -> Any:
    """Return what a dictionary has by a key, without an exception for what it has not."""
    return of.get(key, default) if type(of) is dict else _get_value_for_key(of, key, default)


def _alias_once(aliaser: EventAliaser, event_name: str) -> str:
    """Return how botocore calls an event: every client has the same aliases, and a memory of its own."""
    if event_name not in _aliases:
        _aliases[event_name] = _alias_event_name(aliaser, event_name)
    return _aliases[event_name]


def _client_methods_once(creator: ClientCreator, service_model: Any) -> dict[str, Any]:
    """Return the methods of a client: EC2's has hundreds, and each client gets the same."""
    service = service_model.service_name
    if service not in _clients:
        _clients[service] = _create_methods(creator, service_model)
    return dict(_clients[service])


REPLACED: tuple[tuple[Any, str, Any], ...] = (
    (moto_responses, "method_names_from_class", _methods_once),
    (XFormedAttributePicker, "__call__", _picked),
    (moto_utils, "_get_value_for_key", _value),
    (ClientCreator, "_create_methods", _client_methods_once),
    (parsers, "DEFAULT_TIMESTAMP_PARSER", lru_cache(4096)(parsers.parse_timestamp)),
    (EventAliaser, "_alias_event_name", _alias_once),
    (xmltodict, "_validate_name", cache(xmltodict._validate_name)),
)
