"""Ways to platforms, one small file each: `base` says what one is, `registry` finds them by name."""
