"""Built-in pipelines, as the files that users write."""
