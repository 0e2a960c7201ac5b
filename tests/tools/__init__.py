"""What `make` needs beside the tests: the checks of the templates, the table of settings, and the README's figures."""
