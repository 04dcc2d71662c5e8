"""How any part of the bot reaches the outside: names, proxies, addresses."""
