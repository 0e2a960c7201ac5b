"""What `make` needs beside the tests: the checks of the templates, and the table of settings."""
