"""Instances, route tables and Elastic IPs in moto's EC2."""
