"""The pair's instances, route tables and Elastic IPs in EC2, and the swap."""
