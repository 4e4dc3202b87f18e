"""Files as senders write them, and how they are received, validated and read."""
