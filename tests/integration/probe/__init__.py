"""The probe script, run in every shell that it has to work in."""
