"""The lab's VPC and what packets do in it: one outside, two networks behind it, the same questions to both."""
