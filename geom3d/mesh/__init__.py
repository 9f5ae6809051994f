"""Triangles between regions and what is read off them: components, sections, volumes, nearest points."""
