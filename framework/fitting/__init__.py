"""What fitters share: the config, a training that survives, pictures on disk, and the saving of a backbone."""
