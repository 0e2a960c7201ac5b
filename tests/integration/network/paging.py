"""Lists of EC2 as they may come: any page may be short, or empty, and have another behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def in_short_pages(client: Any, operation: str, key: str) -> None:
    """Let a list of EC2's begin with an empty page, and have one thing a page after that.

    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-pagination.html

    Args:
        client: boto3 client of EC2.
        operation: as the API calls it.
        key: what the list is under in the answer.
    """
    pages: list[int] = []

    def requested(params: Mapping[str, Any], **_: object) -> None:
        pages.append(int(params["body"].pop("NextToken", "0")))

    def answered(parsed: dict[str, Any], **_: object) -> None:
        page, all_of_it = pages.pop(), parsed.get(key, [])
        parsed[key] = all_of_it[max(0, page - 1) : page]
        if page < len(all_of_it):
            parsed["NextToken"] = str(page + 1)

    client.meta.events.register_first(f"before-call.ec2.{operation}", requested)
    client.meta.events.register(f"after-call.ec2.{operation}", answered)
