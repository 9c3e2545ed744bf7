"""Top floor: puts the parts together and runs them; nobody imports it."""
