"""Audio files: what they are, what is written into them, and how a person's gets here."""
