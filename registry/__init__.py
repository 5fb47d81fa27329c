"""Floor 2: names to weights: catalogue, digests, safe loading, site layers."""
