"""What the tests share; each module is named for what it helps with."""
