"""Translating images: one folder of results, one file an image, that a killed run goes on with."""
