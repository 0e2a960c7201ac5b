"""A pair whose primary NAT is whichever instance has a network interface."""
