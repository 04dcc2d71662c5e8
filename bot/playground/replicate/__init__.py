"""A stand-in for Replicate's HTTP API on loopback. The music is the playground's synthesizer's."""

from bot.playground.replicate.limits import Allowance, RateLimits
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.standin import ReplicateStandIn
from bot.playground.replicate.timings import Timings

__all__ = ["Allowance", "RateLimits", "ReplicateStandIn", "Script", "Timings"]
