"""stylespace: images as codes of a style generator, and what differing codes look like."""
