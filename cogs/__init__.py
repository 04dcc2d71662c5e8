"""Commands: a method parses, calls the studio, and answers."""
