"""The benchmark: what each scorer finds on each encoder, what it misses, and what it makes up."""
