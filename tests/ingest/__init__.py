"""Files as senders write them, and what the door makes of them."""
