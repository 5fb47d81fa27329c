"""stylediff: which dimensions of a space differ between two sets of images, tested together."""
