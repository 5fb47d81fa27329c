"""A plugin that raises when it is imported."""

raise RuntimeError("planted: this plugin cannot be imported")
