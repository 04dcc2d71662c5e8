"""Takes a generation from its row to its end; knows ports, no adapter."""
