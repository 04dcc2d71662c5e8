"""Gets cards to Discord: edits of the one reply, or a new message where that is lost."""

from bot.delivery.delivery import DiscordDelivery
from bot.delivery.message_turn import Rows

__all__ = ["DiscordDelivery", "Rows"]
