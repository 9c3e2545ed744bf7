"""What a trigger's condition says: leaves that read facts, and what joins them. Each is pure, and small."""
