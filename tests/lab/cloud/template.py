"""The stack's template as the app synthesizes it, and what has to be changed for moto to take it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.moto_template import for_moto

BUCKET = "templates-of-the-lab"
ROOT = Path(__file__).resolve().parents[3]
PLACES = {
    "vpcId": "vpc-0000000000000face",
    "primaryRouteTableId": "rtb-0000000000000face",
    "primaryInstanceId": "i-0000000000000face",
    "standbySubnetId": "subnet-0000000000000face",
}
# The egress address of a pair that is to have one, and the second.
EGRESS_PLACE, STANDBY_EGRESS_PLACE = "eipalloc-0000000000000face", "eipalloc-0000000000000fade"
# The network interface whose holder is the primary NAT, where a pair has one.
INTERFACE_PLACE = "eni-0000000000000face"
# A gateway endpoint of S3 whose route is to be mirrored.
ENDPOINT_PLACE = "vpce-0000000000000face"
PAIR = "main"
# The function's code stays where it is, instead of being copied, some 400 files, beside every template.
UNSTAGED = {"aws:cdk:disable-asset-staging": True}


def template(settings: Mapping[str, object], ids: Mapping[str, str], image: str) -> str:
    """Give the template of a stack with one pair, for moto.

    Args:
        settings: of the pair, beside the ids.
        ids: for each of PLACES, and for addresses and an endpoint of a pair that has any, the id in moto's account.
        image: an AMI that moto knows.
    """
    further = {
        "egressAddress": EGRESS_PLACE,
        "standbyEgressAddress": STANDBY_EGRESS_PLACE,
        "mirrorEndpoints": ENDPOINT_PLACE,
        "primaryNetworkInterfaceId": INTERFACE_PLACE,
    }
    places = {place: ids.get(setting, place) for setting, place in {**PLACES, **further}.items()}
    return placed(synthesized(settings), places, image)


def placed(text: str, places: Mapping[str, str], image: str) -> str:
    """Return a template for moto, with ids of moto's account in the place of others."""
    for place, there in places.items():
        text = text.replace(place, there)
    return json.dumps(_for_lab(json.loads(text), image))


def synthesized(settings: Mapping[str, object]) -> str:
    """Give the template of a stack with one pair as the app makes it, with PLACES for ids."""
    return synthesized_of({"pairs": [{"name": PAIR, **PLACES, **settings}]})


def synthesized_anew(configuration: Mapping[str, object], outdir: str) -> str:
    """Give the template of a configuration's one stack, and say nothing: a drill's first lines are read by people."""
    # Whoever takes what was synthesized before has no CDK to start, which is a process of Node's.
    from aws_cdk import Acknowledgment, Validations  # noqa: PLC0415

    from infra.app import make_app  # noqa: PLC0415

    app = make_app(configuration, outdir, UNSTAGED)
    acknowledgment = Acknowledgment(
        id="Annotation::nat-failover:nobody-told", reason="the lab reads what the topic gets"
    )
    Validations.of(app).acknowledge(acknowledgment)
    (stack,) = app.synth().stacks
    return Path(stack.template_full_path).read_text(encoding="utf-8")


def synthesized_of(configuration: Mapping[str, object]) -> str:
    """Give the template of a configuration's one stack.

    What the same sources gave before is taken again: starting the CDK takes seconds.
    """
    digest = hashlib.sha256(_sources() + json.dumps(configuration, sort_keys=True).encode())
    kept = ROOT / "build" / "lab" / f"{digest.hexdigest()[:24]}.json"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as outdir:
            text = synthesized_anew(configuration, outdir)
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(f".{hashlib.sha256(outdir.encode()).hexdigest()[:8]}")
        half.write_text(text, encoding="utf-8")
        half.replace(kept)
    return kept.read_text(encoding="utf-8")


@cache
def _sources() -> bytes:
    """Return a digest of all that a template is made of; a process has imported the most of it by then."""
    digest = hashlib.sha256()
    sources = [p for top in ("infra", "lambda") for p in (ROOT / top).rglob("*") if p.suffix in (".py", ".sh", ".txt")]
    for source in sorted([*sources, ROOT / "cdk.json"]):
        digest.update(str(source.relative_to(ROOT)).encode() + b"\0" + source.read_bytes())
    return digest.digest()


def published(s3: Any, body: str) -> str:
    """Put a template where CloudFormation reads it, as the CDK does, and return its URL.

    Args:
        s3: boto3 client.
        body: the template; in a request of CloudFormation it may have 51,200 bytes, and a pair's has more.
    """
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    s3.put_object(Bucket=BUCKET, Key="template.json", Body=body.encode())
    return f"https://{BUCKET}.s3.{s3.meta.region_name}.amazonaws.com/template.json"


def _for_lab(body: dict[str, Any], image: str) -> dict[str, Any]:
    """Give a template that moto takes, checks no bootstrap version, and whose function is the one of this process."""
    body.pop("Rules", None)
    for resource in body["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"ZipFile": "the lab calls the handler in its own process"}
    return for_moto(body, image)
