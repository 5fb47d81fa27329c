"""baselines: four plain ways of saying how two sets of latents differ, to hold others against."""
