"""All queries of the couriers."""
