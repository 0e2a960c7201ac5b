"""How each assumption is checked: those of the function, and those of the command."""
