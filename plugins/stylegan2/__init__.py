"""StyleGAN2: generators, encoders, and how they are fitted."""
