"""The page on which a tweet or a file is read."""
