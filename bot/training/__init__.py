"""Training outside the bot's process: the job, and the trainer that sends and follows it."""
