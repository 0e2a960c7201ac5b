"""EC2, whose model has few constraints: what its documentation says instead."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator

from tests.gate.requests.ec2_lists import DRY_RUN, FILTER_NAMES, PAGE_SIZES, PAGED_IDS, api, filters_of
from tests.gate.requests.judged import Arguments, rule

ROUTES = "ec2:CreateRoute, ec2:ReplaceRoute"
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
TARGETS = (
    *("GatewayId", "NatGatewayId", "NetworkInterfaceId", "InstanceId", "VpcPeeringConnectionId", "TransitGatewayId"),
    *("EgressOnlyInternetGatewayId", "LocalGatewayId", "CarrierGatewayId", "VpcEndpointId", "CoreNetworkArn"),
    *("OdbNetworkArn", "LocalTarget"),
)
MOST_VALUES, LONGEST_VALUE, MOST_TAGS, LARGEST_USER_DATA = 200, 255, 50, 16_384
CODES = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-error-codes.html"
GROUPS = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"
TAGS = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions"
USER_DATA = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html"


@rule("R9a", ROUTES, "A route has exactly one destination.", "InvalidParameterCombination")
def one_destination(arguments: Arguments) -> str | None:
    """A block of IPv4 or IPv6, or a prefix list."""
    given = [name for name in DESTINATIONS if arguments.get(name)]
    wanted = " or ".join(map(api, DESTINATIONS))
    return None if len(given) == 1 else f"The request must contain exactly one of the parameters {wanted}."


@rule("R9b", ROUTES, "A route has exactly one target.", "InvalidParameterCombination")
def one_target(arguments: Arguments) -> str | None:
    """ReplaceRoute may also reset the local route."""
    given = [name for name in TARGETS if arguments.get(name)]
    wanted = ", ".join(map(api, TARGETS[:-1]))
    return None if len(given) == 1 else f"The request must contain exactly one of {wanted}."


@rule("R9c", "ec2:*", "A call's filters have 200 values at most.", "FilterLimitExceeded", CODES)
def few_values(arguments: Arguments) -> str | None:
    """All filters together."""
    number = sum(len(each.get("Values") or ()) for each in filters_of(arguments))
    return f"The maximum number of filter values specified on a single call is {MOST_VALUES}" if number > 200 else None


@rule(
    *("R9p", "ec2:*", "A filter's value has 255 characters at most.", "FilterLimitExceeded"),
    "seen: ansible-collections/amazon.aws #2393",
)
def values_are_short(arguments: Arguments) -> str | None:
    """A tag's own value may have 256."""
    long = any(len(str(value)) > LONGEST_VALUE for each in filters_of(arguments) for value in each.get("Values") or ())
    return f"The maximum length for a filter value is {LONGEST_VALUE} characters" if long else None


@rule("R9e", ROUTES, "A destination is an address block.", "InvalidParameterValue")
def destination_is_a_block(arguments: Arguments) -> str | None:
    """EC2 itself clears the bits of the host."""
    for name in DESTINATIONS[:2]:
        text = arguments.get(name)
        try:
            if text is not None:
                ipaddress.ip_network(text, strict=False)
        except ValueError:
            return f"Value ({text}) for parameter {api(name)} is invalid. This is not a valid CIDR block."
    return None


@rule("R9h", "ec2:AssociateAddress", "An address is named by its AllocationId.", "MissingParameter")
def address_is_named(arguments: Arguments) -> str | None:
    """PublicIp is of EC2-Classic."""
    return None if arguments.get("AllocationId") else "The request must contain the parameter AllocationId"


@rule(
    *("R9i", "ec2:AssociateAddress", "An address goes to an instance or to a network interface, not to both."),
    "InvalidParameterCombination",
)
def address_goes_to_one(arguments: Arguments) -> str | None:
    """It may go to neither in EC2-Classic only."""
    given = [name for name in ("InstanceId", "NetworkInterfaceId") if arguments.get(name)]
    return None if len(given) == 1 else "You must specify either an InstanceId or a NetworkInterfaceId, but not both."


@rule(
    "R9k",
    "ec2:RunInstances",
    "User data has 16 KB at most, before they are encoded.",
    "InvalidParameterValue",
    USER_DATA,
)
def user_data_fit(arguments: Arguments) -> str | None:
    """The client encodes them in Base64."""
    text = arguments.get("UserData") or ""
    try:
        size = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        size = len(str(text).encode())
    return f"User data is limited to {LARGEST_USER_DATA} bytes" if size > LARGEST_USER_DATA else None


@rule(
    "R9l", "ec2:CreateSecurityGroup", "A group's description has EC2's own characters.", "InvalidParameterValue", GROUPS
)
def description_is_plain(arguments: Arguments) -> str | None:
    """Up to 255 characters: letters, digits, spaces, and ._-:/()#,@[]+=&;{}!$*."""
    text = str(arguments.get("Description", ""))
    if re.fullmatch(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", text):
        return None
    return f"Value ({text}) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported."


@rule(
    "R9m",
    "ec2:CreateTags",
    "A tag's key is not aws:…, and has 128 characters at most, its value 256.",
    "InvalidParameterValue",
    TAGS,
)
def tags_are_allowed(arguments: Arguments) -> str | None:
    """At most fifty to a resource."""
    tags = arguments.get("Tags") or ()
    if len(tags) > MOST_TAGS:
        return f"More than {MOST_TAGS} tags specified"
    for tag in tags:
        key, value = str(tag.get("Key", "")), str(tag.get("Value", ""))
        if key.lower().startswith("aws:"):
            return "Tag keys starting with 'aws:' are reserved for internal use"
        if not key or len(key) > 128 or len(value) > 256:
            return f"Tag key or value exceeds the maximum length: {key}"
    return None


@rule(
    "R14a",
    "ec2:CreateVpcEndpoint",
    "Interface endpoints have subnets and groups, gateway endpoints have tables.",
    "InvalidParameter",
)
def endpoint_has_what_its_type_has(arguments: Arguments) -> str | None:
    """Without a type it is a gateway endpoint; only an interface endpoint takes over a name."""
    of_interfaces = [n for n in ("SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled") if arguments.get(n)]
    match arguments.get("VpcEndpointType", "Gateway"):
        case "Gateway" if of_interfaces:
            return f"{of_interfaces[0]} is not valid for endpoints of type Gateway."
        case "Interface" if arguments.get("RouteTableIds"):
            return "Route table IDs are not supported for Interface endpoints."
    return None


# Ids that EC2 tells a malformed one of by a code of its own: the beginning, and the code.
MALFORMED = {
    "InstanceId": ("i", "InvalidInstanceID.Malformed"),
    "InstanceIds": ("i", "InvalidInstanceID.Malformed"),
    "RouteTableId": ("rtb", "InvalidRouteTableId.Malformed"),
    "RouteTableIds": ("rtb", "InvalidRouteTableId.Malformed"),
    "NetworkInterfaceId": ("eni", "InvalidNetworkInterfaceId.Malformed"),
    "VpcEndpointId": ("vpce", "InvalidVpcEndpointId.Malformed"),
    "VpcPeeringConnectionId": ("pcx", "InvalidVpcPeeringConnectionId.Malformed"),
}


def malformed(arguments: Arguments) -> Iterator[tuple[str, str]]:
    """Yield code and message of every id that is none, by the names of members."""
    for member, (prefix, code) in MALFORMED.items():
        ids = arguments.get(member)
        for text in ids if isinstance(ids, list) else [ids]:
            if text is not None and not re.fullmatch(rf"{prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", str(text)):
                yield code, f'Invalid id: "{text}"'


@rule("R9f", "ec2:*", "An id has eight or seventeen hexadecimal digits behind its prefix.", "Invalid….Malformed", CODES)
def ids_are_well_formed(arguments: Arguments) -> str | None:
    """The code is that of ``malformed``."""
    return next((message for _, message in malformed(arguments)), None)


RULES = (
    *(
        one_destination,
        one_target,
        few_values,
        values_are_short,
        FILTER_NAMES,
        destination_is_a_block,
        ids_are_well_formed,
        PAGE_SIZES,
    ),
    *(address_is_named, address_goes_to_one, PAGED_IDS, user_data_fit, description_is_plain, tags_are_allowed),
    *(endpoint_has_what_its_type_has, DRY_RUN),
)
