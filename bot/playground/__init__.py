"""The product without accounts: stand-ins for Discord and Replicate on loopback."""
