"""MusicGen for Discord."""
