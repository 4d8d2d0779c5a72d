"""Pages for people at a terminal, drawn with rich. The only package that imports it; nothing here decides
anything."""
