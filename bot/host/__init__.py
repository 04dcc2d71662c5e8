"""The machine that the bot runs on: its files, threads, signals and clock."""
