"""The Replicate HTTP API: protocol without I/O, retry policy, client, and the live schema."""
