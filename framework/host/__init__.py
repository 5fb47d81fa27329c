"""Finding plugins, and getting from their cards to what these name."""
