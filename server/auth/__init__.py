"""Who someone is, and what that person may do where."""
