"""Built-in pipelines, as the files that users write: one a space, put together as they are asked for.

The folder ``repaired`` has what is added to each where site images are to be repaired and compared again.
"""

SPACES = ("physical", "features", "style")
"""The built-in spaces, each a file here, in the order of the report."""
DEFAULT_SPACES = ("physical", "features")
