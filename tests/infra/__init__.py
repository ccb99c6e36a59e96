"""What the synthesized templates and the image promise."""
