"""Floor 4: the built-in methods. Each imports the façade alone."""
