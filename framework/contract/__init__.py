"""What plugins and the host promise each other: cards, roles, ports, hooks and protocols of models."""
