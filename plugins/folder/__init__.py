"""Readers of folders and lists of image files."""
