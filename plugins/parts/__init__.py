"""A world that knows the truth: machined parts on a conveyor, seen by an inspection camera."""
