"""The shell scripts that hosts are given to run, and the documents that carry them."""
