"""The specification, executable: mirrors the floors."""
