"""Sends pictures through a connector and brings back what became of them, exactly once, whatever is killed when."""
