"""Limits, what people come back for, what a server decides; no Discord and no database in it."""
