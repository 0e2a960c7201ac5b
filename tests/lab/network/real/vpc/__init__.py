"""The VPC on real packets: the router, and what stands at its interfaces."""
