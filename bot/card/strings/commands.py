"""The words by which commands and menus are found, and the permissions that they need.

An option's description stands in the table of inputs, beside its bounds (`bot.domain.inputs`).
"""

from __future__ import annotations

MUSICGEN = "Make music from words with MusicGen."
INPUT_AUDIO_URL = "Address of audio on the web, instead of input_audio. Default: none."
HELP = "What I do, what it costs, what I keep, and what you may do with the music."
TRACKS = "The music you have made."
TRACKS_LIST = "List your tracks, newest first."
TRACKS_LIST_WORDS = "Only those whose prompt has these words. Default: all."
TRACKS_LIST_ORDER = "Which come first. Default: the newest."
CHARTS = "The tracks of this server with most stars, as far as you can see their channels."
CHARTS_PERIOD = "Of when the stars are. Default: the last 7 days."
TRACKS_FORGET = "Forget all your tracks, prompts, history, presets and stars, after asking."
SETTINGS = "What I may do in this server."
SETTINGS_PANEL = "See and change the rules of this server."
SETTINGS_LOG = "See who has changed what in this server, newest first."
SETTINGS_LOG_EVERYWHERE = "What was done everywhere, for the bot's owner alone. Default: here."
BLOCK = "Let a person have nothing made any more."
UNBLOCK = "Let a person have music made again."
BLOCK_WHO = "The person; an id does for one who is not here."
BLOCK_REASON = "Why; they are told."
BLOCK_HOURS = "Ends by itself after so many hours. Default: never."
BLOCK_DAYS = "Ends by itself after so many days. Default: never."
BLOCK_EVERYWHERE = "In all servers and direct messages; for the bot's owner alone. Default: here."
USAGE = "What has been made, and what it cost, today and this month."
USAGE_OF = "Whose: yours, this server's, or everybody's. Default: yours."
USAGE_OF_ME = "mine"
USAGE_OF_SERVER = "this server's"
USAGE_OF_ALL = "everybody's"

MENU_EXTEND = "Extend with MusicGen"
MENU_MELODY = "Use as melody"
"""Names in the Apps menu of a message, at most 32 characters."""

ATTACH_FILES = "Attach Files"
EMBED_LINKS = "Embed Links"
"""Permissions, as Discord calls them."""
