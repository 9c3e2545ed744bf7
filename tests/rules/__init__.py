"""The ground floor, held to what it says."""
