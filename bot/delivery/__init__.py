"""Gets cards to Discord: edits of the one reply while its token lives, another way after it."""

from bot.delivery.service import DiscordDelivery
from bot.delivery.turn import Rows

__all__ = ["DiscordDelivery", "Rows"]
