"""The words of /settings: the panel and its forms."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.card.markup import fitted, quoted
from bot.card.strings import limits, numbers, weekly
from bot.card.strings.commands import value
from bot.card.strings.presets import PLAIN, setting
from bot.community.settings import ServerSettings
from bot.community.weekly import ChartOutcome
from bot.domain.amounts import Amount
from bot.domain.inputs import Inputs
from bot.domain.language import Language
from bot.locales import Text, _, called, ngettext

TITLE = Text("What I do in this server")
# Translators: each is the name of a rule of the server, above how it stands.
PLACES, ROLES, LOG_CHANNEL = (
    Text("Where I may be used"),
    Text("Who may use me"),
    Text("Changes are posted to"),
)
LENGTH, WORDS = Text("Longest music at once"), Text("Words a prompt must not contain")
OTHERS_PRESS, OTHERS_AUDIO = (
    Text("May others use a card's buttons"),
    Text("May others' audio be used"),
)
PER_PERSON, TOGETHER = Text("Each person's limit here"), Text("This server's limit")
PER_JAM = Text("Each jam's limit")
LANGUAGE = Text("Language of cards")
LANGUAGE_AT_DISCORD = Text("As this server has it at Discord")
OF_ROLES, DEFAULTS = Text("Limits of roles"), Text("Default settings")
# Translators: keeps the bot from making anything in this server.
PAUSE = Text("Pause", "title")
MENUS = Text(
    "The three menus below are, from the top: where I may be used, who may use me, and where "
    "changes are posted."
)
PICK_PLACES, PICK_ROLES = Text("Where I may be used: everywhere"), Text("Who may use me: everybody")
PICK_LOG = Text("Post changes to: no channel")
# Translators: in a select of people.
PICK_PERSON = Text("Whose?", "placeholder")
PICK_ROLE, PICK_PRESET = Text("Set the limit of a role"), Text("Take the settings of a preset")
"""Placeholders of selects with nothing chosen."""

LIMITS, RESUME = Text("Length, words, language", "button"), Text("Go on", "button")
CANCEL_ALL, LOG = Text("Stop a person's requests", "button"), Text("Log", "button")
# Translators: whether others may press the buttons of a card.
PRESS_ON = Text("Open cards to all", "button")
PRESS_OFF = Text("Keep cards to their owner", "button")
# Translators: whether others may use somebody's audio.
AUDIO_ON = Text("Open audio to all", "button")
AUDIO_OFF = Text("Keep audio to its owner", "button")
# Translators: they turn the pages of a log.
NEWEST, OLDER = Text("Newest", "button"), Text("Older", "button")
AMOUNTS, ROLE_LIMITS = Text("Limits of this server"), Text("Limits of roles")
DROP_ROLES = Text("Remove deleted roles", "button")
NO_DEFAULTS = Text("No default settings", "button")
# Translators: amounts such as "20 tracks/day" and "none" are typed so in every language.
AMOUNTS_ABOUT = Text(
    "Like 20 tracks/day, 600 s/day, 3 usd/month; empty for no limit of this server's."
)
JAM_AMOUNTS_ABOUT = Text(
    "Like 40 tracks, 3 usd, or 20 tracks/day; empty for no limit of this server's."
)
ROLE_LIMIT = Text("What those with this role may")
ROLE_LIMIT_ABOUT = Text(
    "Like 40 tracks/day; none for no limit of this server's; empty: as everybody."
)
ROLE_LIMITS_ABOUT = Text(
    "A role's amount takes the place of the one for each person. Who has several roles gets the "
    "largest. The limits of the bot's owner and of the whole server hold all the same."
)
NO_ROLE_LIMITS = Text("No role has limits of its own.")
# Translators: in place of amounts: the server sets no limit of its own.
FREE = Text("no limit of this server's")
DEFAULTS_ABOUT = Text(
    "They apply to /musicgen where neither an option nor a preset says otherwise. A preset that is "
    "changed later changes nothing here until you take it again."
)
DEFAULTS_NO_PRESET = Text(
    "They are taken from a preset of this server, and there is none yet: save one with "
    "/preset save and server: True."
)
LENGTH_ABOUT = Text("Seconds of new music. Leave it empty for no limit.")
WORDS_ABOUT = Text("One a line. Whole words, whatever their case and accents.")
PAUSE_TITLE = Text("Pause the bot in this server")
PAUSE_REASON = Text("Why", "field")
PAUSE_ABOUT = Text("People are told. What is under way still comes.")

# Translators: where the bot may be used, and who may use it.
EVERYWHERE, EVERYBODY = Text("everywhere", "state"), Text("everybody", "state")
# Translators: no channel, no words, and no limits.
NO_CHANNEL, NO_WORDS = Text("none", "channel"), Text("none", "words")
NO_LIMITS, NO_LIMIT = Text("none", "limits"), Text("no limit", "state")
# Translators: the answers to "May others …?".
YES, NO = Text("yes", "state"), Text("no, only the person themselves", "state")
# Translators: whether the bot is paused.
NOT_PAUSED = Text("no", "pause")
LOG_TITLE = Text("What was changed")
LOG_EVERYWHERE_TITLE = Text("What the bot's owner has done everywhere")
LOG_EMPTY = Text("Nothing was changed here yet.")
ASK_PERSON = Text("Everything of one person's that is under way in this server is stopped. Whose?")
_DELETED_CHANNEL = Text("a deleted channel")
_FIELD_MAX_CHARS = 1000

NOT_POSTED = Text(
    "It is changed, and it is in the log, but I can't post it to the log channel: it is gone, or I "
    "lack a permission there (**View Channel**, **Send Messages**, **Embed Links**)."
)


def places(ids: Collection[int], present: Collection[int]) -> str:
    """Channels and categories, those that are gone as such."""
    if not ids:
        return EVERYWHERE()
    shown, lost = _those("<#{}>", ids, present)
    if not shown:
        nobody = ngettext(
            "{number} deleted channel: so nobody can use me. Choose anew.",
            "{number} deleted channels: so nobody can use me. Choose anew.",
            lost,
        )
        return f"⚠️ {nobody}"
    if lost:
        deleted = ngettext("{number} deleted channel", "{number} deleted channels", lost)
        shown.append(f"⚠️ {deleted}")
    return ", ".join(shown)


def roles(ids: Collection[int], present: Collection[int]) -> str:
    """Roles, those that are gone as such."""
    if not ids:
        return EVERYBODY()
    shown, lost = _those("<@&{}>", ids, present)
    if not shown:
        nobody = ngettext(
            "{number} deleted role: so nobody can use me. Choose anew.",
            "{number} deleted roles: so nobody can use me. Choose anew.",
            lost,
        )
        return f"⚠️ {nobody}"
    if lost:
        deleted = ngettext("{number} deleted role", "{number} deleted roles", lost)
        shown.append(f"⚠️ {deleted}")
    return ", ".join(shown)


def _those(pattern: str, ids: Collection[int], present: Collection[int]) -> tuple[list[str], int]:
    """Those that are there, and how many are not."""
    shown = [pattern.format(one) for one in sorted(ids) if one in present]
    return shown, len(ids) - len(shown)


def log_channel(channel_id: int | None, present: Collection[int]) -> str:
    """Where changes are posted."""
    if channel_id is None:
        return NO_CHANNEL()
    return f"<#{channel_id}>" if channel_id in present else f"⚠️ {_DELETED_CHANNEL()}"


def length(seconds: int | None) -> str:
    """The largest duration."""
    return NO_LIMIT() if seconds is None else numbers.seconds(seconds)


def words(forbidden: Collection[str]) -> str:
    """What prompts must not contain."""
    return fitted(", ".join(forbidden), _FIELD_MAX_CHARS) or NO_WORDS()


def switch(on: bool) -> str:
    """Whether others may."""
    return YES() if on else NO()


def paused(reason: str | None) -> str:
    """Whether it is paused."""
    return NOT_PAUSED() if reason is None else f"⏸️ {quoted(reason, 200)}"


def amounts(some: Collection[Amount]) -> str:
    """What a server allows."""
    return limits.amounts(some) or NO_LIMIT()


def role_limits(
    of_roles: Mapping[int, Collection[Amount]],
    present: Collection[int],
    most_chars: int = _FIELD_MAX_CHARS,
) -> str:
    """The limits of roles, a line each; a role that is gone has none, and that is said."""
    told = {role: limits.amounts(some) or FREE() for role, some in sorted(of_roles.items())}
    lines = [f"<@&{role}>: {text}" for role, text in told.items() if role in present]
    lines += [gone_role(text) for role, text in told.items() if role not in present]
    shown = [line for at, line in enumerate(lines) if len("\n".join(lines[: at + 1])) <= most_chars]
    more = len(lines) - len(shown)
    if more:
        # Translators: the last line of a list that is cut.
        shown.append(ngettext("and {number} more", "and {number} more", more))
    return "\n".join(shown) or NO_ROLE_LIMITS()


def gone_role(limits_: str) -> str:
    """What a role that was deleted had."""
    # Translators: {limits} is a list such as "20 tracks a day".
    told = _(
        "A role that was deleted had {limits}. Nobody has it, so that is without effect.",
        limits=limits_,
    )
    return f"⚠️ {told}"


def defaults(inputs: Inputs, unfit: Collection[str] = ()) -> str:
    """A server's default settings, and which of them the model does not take."""
    named = inputs.set_values().items()
    line = " · ".join(setting(name, value(given)) for name, given in named if name != "prompt")
    if unfit:
        # Translators: {names} are options, such as "top_k, seed".
        left_out = _("Left out, for the model does not take it: {names}.", names=", ".join(unfit))
        line += f"\n⚠️ {left_out}"
    return line or PLAIN()


def language(chosen: Language | None) -> str:
    """What cards are written in."""
    return LANGUAGE_AT_DISCORD() if chosen is None else called(chosen)


def canceled(user_id: int, stopped: int) -> str:
    """Answers who has stopped all of a person's."""
    person = f"<@{user_id}>"
    if not stopped:
        return _("{person} has nothing under way here that can still be stopped.", person=person)
    return ngettext(
        "Stopped {number} request of {person}. `/block` keeps them from asking again.",
        "Stopped {number} requests of {person}. `/block` keeps them from asking again.",
        stopped,
        person=person,
    )


def fields(
    settings: ServerSettings,
    channels: Collection[int],
    present_roles: Collection[int],
    chart_fault: ChartOutcome | None = None,
) -> list[tuple[str, str]]:
    """The panel's text: every rule and how it stands, given what is there in the server."""
    return [
        (PAUSE(), paused(settings.pause)),
        (LENGTH(), length(settings.length_max_s)),
        (WORDS(), words(settings.words)),
        (LANGUAGE(), language(settings.language)),
        (OTHERS_PRESS(), switch(settings.others_press)),
        (OTHERS_AUDIO(), switch(settings.others_audio)),
        (PLACES(), places(settings.channels, channels)),
        (ROLES(), roles(settings.roles, present_roles)),
        (PER_PERSON(), amounts(settings.per_person)),
        (TOGETHER(), amounts(settings.together)),
        (PER_JAM(), amounts(settings.per_jam)),
        (OF_ROLES(), role_limits(settings.of_roles, present_roles)),
        (DEFAULTS(), defaults(settings.defaults)),
        (weekly.NAME(), weekly.place(settings.chart_channel, chart_fault)),
        (LOG_CHANNEL(), log_channel(settings.log_channel, channels)),
    ]
