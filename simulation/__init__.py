"""The whole server core and dozens of speakers on one virtual clock, with seeded faults and a judge beside them."""
