"""What people come back for: stars and charts, presets; no Discord and no database in it."""
