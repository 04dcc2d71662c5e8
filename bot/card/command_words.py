"""The texts of commands in every language that there is; Discord shows each person theirs."""

from __future__ import annotations

from discord import Locale, app_commands
from discord.app_commands import TranslationContextTypes

from bot.card import strings
from bot.domain.inputs import InputSpec
from bot.domain.language import SOURCE
from bot.locales import Text, speaking, spoken, translated

_Where = app_commands.TranslationContextLocation
_NAMES = frozenset({_Where.command_name, _Where.group_name, _Where.parameter_name})


class CommandWords(app_commands.Translator):
    """Translates what is said of commands. Their names and options stay: they are the model's."""

    async def translate(
        self, string: app_commands.locale_str, locale: Locale, context: TranslationContextTypes
    ) -> str | None:
        """The text in a language; None where it is the English one, or there is no other."""
        language = spoken(locale.value)
        is_name = context.location in _NAMES
        if is_name and isinstance(context.data, app_commands.ContextMenu):
            # What stands in the Apps menu is nothing that anybody types.
            is_name = False
        if language is None or language == SOURCE or is_name:
            return None
        spec, text = string.extras.get("spec"), string.extras.get("text")
        with speaking(language):
            if isinstance(spec, InputSpec):
                words = strings.commands.option(spec)
            elif isinstance(text, Text):
                words = text()
            else:
                words = translated(string.message)
        return None if words == string.message else words
