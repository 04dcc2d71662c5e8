"""The jam: a room makes one piece of music together, round by round. No Discord in it."""
