"""Parameter Store: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-setting-up.html."""

from __future__ import annotations

import re

from tests.gate.requests.judged import Arguments, rule

GUIDE = "https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html"
EMPTY = "seen: ministryofjustice/modernisation-platform #8116"
STANDARD, ADVANCED = 4096, 8192
LONGEST_NAME, DEEPEST = 1011, 15
PUT = "ssm:PutParameter"
READS = "ssm:GetParameter, ssm:GetParameterHistory"
NAMED = (
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of '
    "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 "
    "symbols .-_"
)


@rule("R11a", PUT, "A Standard parameter has 4,096 bytes at most, an Advanced one 8,192.", "ValidationException")
def value_fits(arguments: Arguments) -> str | None:
    """Intelligent tiering makes an advanced one of what is too large for a standard one."""
    size = len(str(arguments.get("Value", "")).encode())
    if arguments.get("Tier", "Standard") == "Standard" and size > STANDARD:
        return (
            f"Standard tier parameters support a maximum parameter value of {STANDARD} characters. To create a larger "
            "parameter value, upgrade the parameter to use the advanced-parameter tier."
        )
    return f"The parameter value is larger than {ADVANCED} characters." if size > ADVANCED else None


@rule("R11b", PUT, "A parameter's value is not empty.", "ValidationException", EMPTY)
def value_is_not_empty(arguments: Arguments) -> str | None:
    """The model has no minimum for it."""
    if arguments.get("Value") != "":
        return None
    return (
        "1 validation error detected: Value at 'value' failed to satisfy constraint: Member must have length greater "
        "than or equal to 1."
    )


@rule("R11c", PUT, "A parameter's value has nothing in {{ }}.", "ValidationException")
def value_names_no_parameter(arguments: Arguments) -> str | None:
    """Systems Manager would take it for a reference."""
    value = str(arguments.get("Value", ""))
    if not re.search(r"\{\{.*\}\}", value, re.DOTALL):
        return None
    return f'Parameter value : {value}, can\'t nest another parameter. Do not use "{{{{}}}}" in the value.'


@rule(
    "R11d", PUT, "A parameter's name begins with neither aws nor ssm, with or without a slash.", "ValidationException"
)
def name_is_not_reserved(arguments: Arguments) -> str | None:
    """The case does not matter."""
    return NAMED if re.match(r"/?(aws|ssm)", str(arguments.get("Name", "")), re.IGNORECASE) else None


@rule(
    "R11e",
    PUT,
    "A name consists of a-z, A-Z, 0-9, ., - and _, in paths that begin with a slash.",
    "ValidationException",
)
def name_is_well_formed(arguments: Arguments) -> str | None:
    """Spaces around it are removed; an ARN is no name."""
    name = str(arguments.get("Name", "")).strip()
    if "/" in name and not name.startswith("/"):
        return f"Parameter name must be a fully qualified name: {name}"
    return NAMED if name and not re.fullmatch(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", name) else None


@rule("R11f", PUT, "A name has 1,011 characters at most, its ARN's prefix aside.", "ValidationException", GUIDE)
def name_fits(arguments: Arguments) -> str | None:
    """The model's maximum includes what is reserved for internal use."""
    long = len(str(arguments.get("Name", ""))) > LONGEST_NAME
    return f"Parameter name must not be longer than {LONGEST_NAME} characters." if long else None


@rule("R11g", PUT, "A name has 15 levels at most.", "HierarchyLevelLimitExceededException")
def name_is_not_too_deep(arguments: Arguments) -> str | None:
    """Levels are counted by their slashes."""
    deep = str(arguments.get("Name", "")).strip("/").count("/") >= DEEPEST
    return f"Hierarchies are limited to a maximum of {DEEPEST} levels." if deep else None


@rule(
    "R11h", PUT, "Tags can't be given together with Overwrite.", "ValidationException", "seen: moto, Terraform #22397"
)
def tags_come_with_the_first(arguments: Arguments) -> str | None:
    """Later ones are a call of their own."""
    if not (arguments.get("Overwrite") and arguments.get("Tags")):
        return None
    return (
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove "
        "overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
        "RemoveTagsFromResource."
    )


@rule("R11i", PUT, "What is created has a type.", "ValidationException")
def what_is_made_has_a_type(arguments: Arguments) -> str | None:
    """With Overwrite, it may be there already: who has the account knows that."""
    made = not arguments.get("Overwrite") and arguments.get("Type") is None
    return "A parameter type is required when you create a parameter." if made else None


@rule("R11j", PUT, "A value matches the AllowedPattern that comes with it.", "ParameterPatternMismatchException")
def value_matches(arguments: Arguments) -> str | None:
    """As the model has it: a regular expression used to validate the value."""
    pattern, value = arguments.get("AllowedPattern"), str(arguments.get("Value", ""))
    if not pattern or re.search(pattern, value):
        return None
    return f"Parameter value, cannot be validated against allowedPattern: {pattern}"


@rule("R11k", READS, "The name of a parameter that is read has no space within.", "ValidationException")
def read_name_has_no_space(arguments: Arguments) -> str | None:
    """Spaces around it are removed."""
    spaced = " " in str(arguments.get("Name", "")).strip()
    return "Parameter names can't contain spaces between characters." if spaced else None


RULES = (
    *(value_fits, value_is_not_empty, value_names_no_parameter, name_is_not_reserved, name_is_well_formed),
    *(name_fits, name_is_not_too_deep, tags_come_with_the_first, what_is_made_has_a_type, value_matches),
    read_name_has_no_space,
)
