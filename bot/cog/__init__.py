"""The same port as Replicate's over servers of one's own that speak Cog's HTTP API."""
