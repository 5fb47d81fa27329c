"""Built-in pipelines, as the files that users write: one a space, put together as they are asked for."""

SPACES = ("physical", "features", "style")
"""The built-in spaces, each a file here, in the order of the report."""
DEFAULT_SPACES = ("physical", "features")
