"""Gets cards to Discord: edits of the one reply while its token lives, another way after it."""

from bot.delivery.delivery import DiscordDelivery
from bot.delivery.message_turn import Rows

__all__ = ["DiscordDelivery", "Rows"]
