"""Every query of this room, by what it asks about."""
