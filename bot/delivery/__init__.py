"""Gets cards to Discord: edits of the one reply, or a new message where that is lost."""

from bot.delivery.delivery import DiscordDelivery

__all__ = ["DiscordDelivery"]
