"""Plays tracks and jams in voice channels. Rules and ports; no Discord in it."""
