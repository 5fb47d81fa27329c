"""What flows between steps: images, codes, scores, maps. Knows nothing of how they are made."""
