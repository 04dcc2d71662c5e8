"""Which language somebody reads, by Discord's names (reference, "Locales")."""

from __future__ import annotations

from typing import NewType

Language = NewType("Language", str)
"""Such as `de`, `es-419` or `pt-BR`."""

SOURCE = Language("en-US")
"""What the words are written in; whoever reads none of the others gets them so."""
