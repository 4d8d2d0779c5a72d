"""The arithmetic of real encoders: each variant is named after the code that it equals. Knows no platform."""
