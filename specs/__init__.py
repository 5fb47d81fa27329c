"""Floor 1: what users write, as frozen pydantic models; and every error."""
