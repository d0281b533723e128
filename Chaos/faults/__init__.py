"""What may befall a mesh: each fault begins, ends, and says whom it touches and which log lines it explains."""
