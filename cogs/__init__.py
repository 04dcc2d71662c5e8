"""Commands: a method parses, calls the service, and answers."""
