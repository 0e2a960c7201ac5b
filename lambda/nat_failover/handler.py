"""Entry point: events in, one call into the application."""

from __future__ import annotations

import os
from functools import cache

from nat_failover.application import Application, Context


@cache
def application() -> Application:
    """Return the process's application, made of the environment at first use."""
    return Application.of(os.environ)


def handler(event: object, context: Context) -> dict[str, object]:
    """Handle an event of the schedule or of SSM; see ``Application.handle``."""
    return application().handle(event, context)


# In Lambda everything is made while the function starts, when the machine's full processor is available to it, and a
# wrong setting shows before the first event: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    application()
