"""The lab: a VPC on one machine, joined to an AWS that runs in this process."""
