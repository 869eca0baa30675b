"""What members see: cards, pagers, progress, and the replies to what went wrong."""
