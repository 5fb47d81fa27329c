"""Learned features of any timm network: encoder, backbone family, and where in the image a difference lies."""
