"""Any history through the very engine that runs live: what would have been, and how well it would have warned."""
