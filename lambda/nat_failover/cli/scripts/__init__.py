"""The shell scripts that hosts are given to run."""
