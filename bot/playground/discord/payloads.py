"""What the gateway says: interactions, guilds, and READY, as Discord words them."""

from __future__ import annotations

from .messages import Interaction
from .model import MEMBER, Channel, Guild, User, VoiceState, timestamp
from .wire import JsonObject, JsonValue
from .world import World

_ALL = (1 << 53) - 1


def interaction_json(world: World, interaction: Interaction) -> JsonObject:
    """INTERACTION_CREATE's payload."""
    channel = interaction.channel
    json: JsonObject = {
        "id": str(interaction.id),
        "application_id": str(world.bot.id),
        "type": int(interaction.kind),
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel_id": str(channel.id),
        "channel": channel_json(world, channel, viewer=interaction.user),
        "app_permissions": str(int(channel.bot_permissions)),
        "locale": world.locale_of(interaction.user.id),
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": interaction.owners,
        "context": interaction.context,
        "attachment_size_limit": world.rules.file_limit_bytes,
    }
    if channel.guild is not None:
        guild, locale = channel.guild, world.locale_of(channel.guild.id)
        member = member_json(guild, interaction.user)
        member["permissions"] = str(int(channel.permissions(interaction.user)))
        json |= {
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": locale, "features": []},
            "guild_locale": locale,
            "member": member,
        }
    else:
        json["user"] = interaction.user.to_json()
    if interaction.message is not None:
        # A deleted message's buttons are gone, so a modal may come of one that no longer is.
        json["message"] = interaction.message.to_json(world.cdn)
    return json


def member_json(guild: Guild, user: User) -> JsonObject:
    """The member object."""
    return {
        "user": user.to_json(),
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": [],
        "joined_at": timestamp((guild.id >> 22) / 1000 + 1_420_070_400),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": None,
    }


def channel_json(world: World, channel: Channel, viewer: User | None = None) -> JsonObject:
    """The channel object; an interaction's names what its `viewer` may do."""
    messages = world.channel_messages(channel)
    last: JsonValue = str(messages[-1].id) if messages else None
    json: JsonObject = {
        "id": str(channel.id),
        "type": channel.type,
        "last_message_id": last,
        "flags": 0,
    }
    if channel.guild is None:
        json["recipients"] = [user.to_json() for user in channel.people]
        if channel.type == 3:
            json |= {"name": channel.name, "owner_id": str(channel.people[0].id), "icon": None}
        return json
    json |= {
        "guild_id": str(channel.guild.id),
        "name": channel.name,
        "position": 0,
        "nsfw": False,
        "topic": None,
        "parent_id": None,
        "rate_limit_per_user": 0,
    }
    if channel.has_voice:
        json |= {
            "bitrate": 64_000,
            "user_limit": channel.user_limit,
            "rtc_region": None,
            "video_quality_mode": 1,
        }
    if channel.parent is not None:
        json |= {
            "parent_id": str(channel.parent.id),
            "owner_id": str(channel.guild.owner_id),
            "message_count": len(messages),
            "total_message_sent": len(messages),
            "member_count": len(channel.people),
            "thread_metadata": {
                "archived": channel.archived,
                "locked": channel.locked,
                "auto_archive_duration": 1440,
                "archive_timestamp": timestamp(world.clock.now()),
            },
        }
    elif viewer is None:
        json["permission_overwrites"] = [_overwrite(world, channel)]
    if viewer is not None:
        json["permissions"] = str(int(channel.permissions(viewer)))
    return json


def _overwrite(world: World, channel: Channel) -> JsonObject:
    """What makes the bot's own reckoning of its permissions come out as ours."""
    mine = int(channel.bot_permissions)
    return {"id": str(world.bot.id), "type": 1, "allow": str(mine), "deny": str(_ALL & ~mine)}


def guild_json(world: World, guild: Guild) -> JsonObject:
    """The guild object of REST; GUILD_CREATE adds who and what is in it."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.owner_id),
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "region": None,
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "application_id": None,
        "vanity_url_code": None,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": world.locale_of(guild.id),
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": [_everyone(guild)],
    }


def guild_create(world: World, guild: Guild) -> JsonObject:
    """GUILD_CREATE's payload."""
    json = guild_json(world, guild)
    json |= {
        "joined_at": timestamp(world.clock.now()),
        "large": False,
        "unavailable": False,
        "member_count": len(world.people) + 1,
        "members": [member_json(guild, user) for user in (world.bot, *world.people)],
        "channels": [
            channel_json(world, channel)
            for channel in world.channels.values()
            if channel.guild is guild and channel.parent is None
        ],
        "threads": [
            channel_json(world, channel)
            for channel in world.channels.values()
            if channel.guild is guild and channel.parent is not None and not channel.archived
        ],
        "voice_states": [
            voice_state_json(state) for state in world.voice_states.values() if state.guild is guild
        ],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }
    return json


def voice_state_json(state: VoiceState, *, gone: bool = False) -> JsonObject:
    """The voice state object as GUILD_CREATE has it; without a channel once somebody has left."""
    asked = state.asked_to_speak_at
    return {
        "channel_id": None if gone else str(state.channel.id),
        "user_id": str(state.user.id),
        "session_id": state.session_id,
        "deaf": False,
        "mute": state.mute,
        "self_deaf": state.self_deaf,
        "self_mute": state.self_mute,
        "self_video": False,
        "suppress": state.suppress,
        "request_to_speak_timestamp": None if asked is None else timestamp(asked),
    }


def voice_state_update(state: VoiceState, *, gone: bool) -> JsonObject:
    """VOICE_STATE_UPDATE's payload."""
    json = voice_state_json(state, gone=gone)
    json |= {"guild_id": str(state.guild.id), "member": member_json(state.guild, state.user)}
    return json


def _everyone(guild: Guild) -> JsonObject:
    return {
        "id": str(guild.id),
        "name": "@everyone",
        "permissions": str(int(MEMBER)),
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "managed": False,
        "mentionable": False,
        "flags": 0,
        "icon": None,
        "unicode_emoji": None,
    }


def application_json(world: World) -> JsonObject:
    """The application object."""
    return {
        "id": str(world.bot.id),
        "name": world.bot.username,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": world.mod.to_json(),
        "bot": world.bot.to_json(),
        "team": None,
        "verify_key": "00",
        "flags": 0,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "approximate_guild_count": 1,
        "approximate_user_install_count": len(world.people),
        "integration_types_config": {"0": {}, "1": {}},
    }


def ready(world: World, session_id: str, resume_url: str, shard: tuple[int, int]) -> JsonObject:
    """READY's payload; each guild follows as GUILD_CREATE on the shard that has it."""
    guilds: list[JsonValue] = [
        {"id": str(guild.id), "unavailable": True}
        for guild in world.guilds
        if (guild.id >> 22) % shard[1] == shard[0]
    ]
    return {
        "v": 10,
        "user": world.bot.to_json(),
        "guilds": guilds,
        "session_id": session_id,
        "resume_gateway_url": resume_url,
        "shard": [*shard],
        "application": {"id": str(world.bot.id), "flags": 0},
        "private_channels": [],
        "presences": [],
        "relationships": [],
        "session_type": "normal",
    }
