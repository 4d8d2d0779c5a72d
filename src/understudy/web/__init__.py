"""The local page: a few views over the library, for a browser on this machine."""
