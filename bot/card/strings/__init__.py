"""Every word that people read, one module a subject."""
