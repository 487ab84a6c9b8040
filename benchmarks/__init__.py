"""Figures, each beside a peer or a bare limit from the same run; nothing here is asserted in tests."""
