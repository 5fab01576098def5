"""What runs are let to, and what they must never reach: each keeps a record of what it received."""
