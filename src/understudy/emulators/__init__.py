"""Local servers with the documented shapes of platforms' APIs, whose pictures are made by profiles."""
