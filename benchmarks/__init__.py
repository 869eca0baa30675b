"""The figures that the README quotes, each by a command that anyone can run."""
