"""Running plans: planning, sources, weights, the engine and its store."""
