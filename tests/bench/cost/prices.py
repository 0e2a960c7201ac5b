"""List prices of us-east-1 in dollars, in 2026; AWS changes them: look at the pages named before making a budget."""

from __future__ import annotations

HOURS = 730.0
MINUTES = HOURS * 60
# https://aws.amazon.com/lambda/pricing/ (arm64, beyond the free tier)
LAMBDA_GB_SECOND = 0.0000133334
LAMBDA_REQUEST = 0.20 / 1_000_000
LAMBDA_FREE_REQUESTS, LAMBDA_FREE_GB_SECONDS = 1_000_000, 400_000
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html: "At 1,769 MB, a function has the equivalent
# of one vCPU"
MB_A_VCPU = 1769.0
# https://aws.amazon.com/cloudwatch/pricing/ (custom metrics by the hour that has a value; logs by the GB taken in)
METRIC = 0.30
ALARM = 0.10
DASHBOARD = 3.00
LOGS_GB = 0.50
# The free tier of CloudWatch, on the same page; a free dashboard has 50 metrics at most.
METRICS_FREE, ALARMS_FREE, DASHBOARDS_FREE, LOGS_FREE_GB = 10, 10, 3, 5.0
DASHBOARD_METRICS_FREE = 50
# https://aws.amazon.com/ec2/pricing/on-demand/ and https://aws.amazon.com/vpc/pricing/
T4G_NANO_HOUR = 0.0042
PUBLIC_ADDRESS_HOUR = 0.005
# https://aws.amazon.com/ebs/pricing/
GP3_GB = 0.08
# Data transfer, on EC2's page: to the Internet, of which a hundred GB a month are free, and between zones, in and out.
OUT_GB, OUT_FREE_GB = 0.09, 100.0
ZONE_GB = 0.01
NAT_GATEWAY_HOUR = 0.045
NAT_GATEWAY_GB = 0.045
# https://aws.amazon.com/privatelink/pricing/
ENDPOINT_HOUR = 0.01
# Free: Run Command on EC2 instances and standard parameters (https://aws.amazon.com/systems-manager/pricing/), AWS
# services' events and rules' schedules on the default bus (https://aws.amazon.com/eventbridge/pricing/), the first
# thousand mails of SNS (https://aws.amazon.com/sns/pricing/).


def lambda_month(invocations: float, billed_ms: float, memory_mb: float) -> float:
    """Give the dollars a month of so many invocations a minute of so many billed milliseconds each."""
    a_month = invocations * MINUTES
    return a_month * (LAMBDA_REQUEST + billed_ms / 1000 * memory_mb / 1024 * LAMBDA_GB_SECOND)


def lambda_month_beyond_free(invocations: float, billed_ms: float, memory_mb: float) -> float:
    """Return the same for what Lambda's free tier does not cover."""
    a_month = invocations * MINUTES
    requests = max(0.0, a_month - LAMBDA_FREE_REQUESTS)
    gb_seconds = max(0.0, a_month * billed_ms / 1000 * memory_mb / 1024 - LAMBDA_FREE_GB_SECONDS)
    return requests * LAMBDA_REQUEST + gb_seconds * LAMBDA_GB_SECOND
