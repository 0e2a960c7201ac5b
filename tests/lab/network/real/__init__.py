"""The network of real packets: Linux network namespaces, a router and nftables."""
