"""Every query of this room; nothing else in it speaks SQL."""
