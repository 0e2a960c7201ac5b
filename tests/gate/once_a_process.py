"""What moto and botocore work out anew for every call, and would find the same: worked out once a process.

It was a third of what a call to moto takes, and a test makes a hundred.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from inspect import CO_VARKEYWORDS
from types import SimpleNamespace
from typing import Any

import moto.core.models as moto_models
import moto.core.responses as moto_responses
import moto.core.utils as moto_utils
import xmltodict  # type: ignore[import-untyped]
from botocore import endpoint, hooks, parsers
from botocore.client import ClientCreator
from botocore.compat import accepts_kwargs
from botocore.hooks import EventAliaser, NodeList
from botocore.model import ServiceModel
from moto.core import botocore_stubber
from moto.core.utils import _get_value_for_key, method_names_from_class

_alias_event_name: Any = vars(EventAliaser)["_alias_event_name"]
_create_methods: Any = vars(ClientCreator)["_create_methods"]
_methods: dict[tuple[type, int], list[str]] = {}
_aliases: dict[str, str] = {}
_clients: dict[str, dict[str, Any]] = {}
_load_service_model: Any = vars(ClientCreator)["_load_service_model"]
_models: dict[tuple[str, str | None], ServiceModel] = {}
# moto compiles the patterns of its URLs for every request, and there are more of them than re keeps.
_COMPILED = SimpleNamespace(compile=cache(re.compile))


def _methods_once(of: type) -> list[str]:
    """Return the names of a class's methods; tests give moto's classes more of them."""
    at = (of, sum(len(vars(each)) for each in of.__mro__))
    if at not in _methods:
        _methods[at] = method_names_from_class(of)
    return _methods[at]


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


def _service_model_once(creator: ClientCreator, service_name: str, api_version: str | None = None) -> ServiceModel:
    """Return a service's model; every client has the same, and what it has worked out of a shape."""
    at = (service_name, api_version)
    if at not in _models:
        _models[at] = _load_service_model(creator, service_name, api_version)
    return _models[at]


def _copied(trie: Any, node: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a node of botocore's handlers, of which every client gets its own."""
    return {
        key: NodeList([*value.first], [*value.middle], [*value.last])
        if type(value) is NodeList
        else _copied(trie, value)
        if type(value) is dict
        else value
        for key, value in node.items()
    }


def _accepts_kwargs(handler: Any) -> Any:
    """Return whether a handler takes whatever it is told, which its code says at once."""
    code = getattr(getattr(handler, "__func__", handler), "__code__", None)
    return accepts_kwargs(handler) if code is None else code.co_flags & CO_VARKEYWORDS


REPLACED: tuple[tuple[Any, str, Any], ...] = (
    (moto_responses, "method_names_from_class", _methods_once),
    (moto_utils, "_get_value_for_key", _value),
    (ClientCreator, "_create_methods", _client_methods_once),
    (ClientCreator, "_load_service_model", _service_model_once),
    (vars(hooks)["_PrefixTrie"], "_recursive_copy", _copied),
    (hooks, "accepts_kwargs", _accepts_kwargs),
    # Which proxies there are for a URL, of which no emulated account has any, each client looks for in the environment.
    (endpoint, "get_environ_proxies", cache(endpoint.get_environ_proxies)),
    (botocore_stubber, "re", _COMPILED),
    # What moto has for whoever asks it by requests keeps nothing, and nobody does.
    (moto_models, "CallbackResponse", cache(vars(moto_models)["CallbackResponse"])),
    (parsers, "DEFAULT_TIMESTAMP_PARSER", lru_cache(4096)(parsers.parse_timestamp)),
    (EventAliaser, "_alias_event_name", _alias_once),
    (xmltodict, "_validate_name", cache(xmltodict._validate_name)),
)
