"""nat-failover: keeps private subnets online when their NAT instance dies."""
