"""The environment: settings that the rest can rely on, or a sentence for each variable at fault."""

from __future__ import annotations

import re
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from infra.probe.document import PATTERNS
from nat_failover.environment import SettingsError
from nat_failover.settings import Settings
from tests.examples import ENVIRONMENT, OPTIONAL, TICK
from tests.fuzz.function import Function
from tests.fuzz.values import TEXT

DERIVED = {"confirm_for", "gather_for"}
NAMES = sorted(f"NAT_FAILOVER_{f.name.upper()}" for f in fields(Settings) if f.name not in DERIVED)
NUMBERS = st.integers().map(str) | st.floats().map(str) | st.sampled_from(["1_0", " 5 ", "\u0665", "+3", "1e1", "0x10"])
PLAIN = st.from_regex(r"[a-z0-9/.,:-]{0,40}", fullmatch=True)
VALUES = (TEXT | NUMBERS | PLAIN | st.sampled_from(["true", "automatic", "observe"])).map(lambda v: v.replace("\0", ""))
# Contradictions are told once each variable is right by itself.
CONTRADICTS = re.compile("TABLE|INSTANCE|PARAMETER|SAMPLE|THRESHOLD|WINDOW|PERIOD")
# Any letter and digit of any script, and what may stand among them.
SCRIPTS = st.text(st.characters(categories=["L", "N", "Z", "Cc"]), min_size=1, max_size=12)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=1, max_size=4))
def test_every_problem_names_its_variable_and_every_variable_without_a_problem_is_used(
    scribble: dict[str, str],
) -> None:
    environment = {**ENVIRONMENT, **OPTIONAL, **scribble}
    try:
        Settings.from_environment(environment)
    except SettingsError as refused:
        named = [sentence.split(" ", 1)[0] for sentence in refused.problems]
        assert set(named) <= {*scribble, *NAMES}
        assert len(named) == len(set(named))
        assert all(" must be " in sentence for sentence in refused.problems)
        str(refused).encode()


@given(
    st.dictionaries(st.sampled_from([n for n in NAMES if not CONTRADICTS.search(n)]), VALUES | st.none(), min_size=1)
)
def test_a_variable_at_fault_does_not_hide_another(scribble: dict[str, str | None]) -> None:
    alone = {name for name, value in scribble.items() if _refused({name: value})}
    assert _refused(scribble) == alone


def _refused(scribble: dict[str, str | None]) -> set[str]:
    environment = {**ENVIRONMENT, **scribble}
    try:
        Settings.from_environment({name: value for name, value in environment.items() if value is not None})
    except SettingsError as refused:
        return {sentence.split(" ", 1)[0] for sentence in refused.problems}
    return set()


@given(window=NUMBERS | st.integers(60, 3000).map(str), address=TEXT | st.ip_addresses().map(str))
def test_whatever_is_set_and_whatever_ec2_says_the_probes_document_takes(window: str, address: str) -> None:
    function = Function(**({} if _refused({"NAT_FAILOVER_WINDOW": window}) else {"WINDOW": window}))
    function.run_command.commands.clear()
    for nat in function.settings.nats:
        function.account.holdings.instances[nat].address = address
    function.invoke(TICK)
    sent = [call.arguments["Parameters"] for call in function.calls if call.operation == "SendCommand"]
    assert sent
    for parameters in sent:
        assert parameters.keys() == PATTERNS.keys()
        for name, (value,) in parameters.items():
            assert re.fullmatch(PATTERNS[name], value), (name, value)


@given(
    name=st.sampled_from([n for n in NAMES if n not in ("NAT_FAILOVER_PROBE_TAG_KEY", "NAT_FAILOVER_PROBE_TAG_VALUE")]),
    value=SCRIPTS,
)
def test_no_digit_or_letter_of_another_script_gets_into_what_aws_takes_in_ascii_only(name: str, value: str) -> None:
    environment = {**ENVIRONMENT, **OPTIONAL}
    foreign = environment.get(name, "") + value
    number = name.removeprefix("NAT_FAILOVER_").lower()
    try:
        read = Settings.from_environment({**environment, name: foreign})
    except SettingsError as refused:
        assert name in str(refused)
    else:
        assert str(getattr(read, number)).isascii()
