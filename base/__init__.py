"""What every room shares: errors with codes, identifiers, time, and column types. It imports none of ours."""
