"""Plugin ``mcdut``: contrastive translation of images from one domain to another, and what guards its defects."""
