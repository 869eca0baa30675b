"""The Discord bot: answers in chat with invented names, keeps them, and retrains its generator."""
