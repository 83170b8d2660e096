"""An empty program: what starting and ending cost."""
