"""Where the time goes: what updates wait for, and what would make them come sooner."""
