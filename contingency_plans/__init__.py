"""Data, no code: plans, sites, drill scenarios, mappings."""
