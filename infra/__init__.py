"""The CDK app: everything that AWS has to know to keep private subnets online."""
