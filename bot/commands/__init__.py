"""One cog a family of commands. A cog translates between Discord and the rest; it does not compute."""
