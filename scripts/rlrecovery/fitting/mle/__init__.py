"""Maximum likelihood for every participant, and a two-step group estimate."""
