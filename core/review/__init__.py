"""Reviews: why a prediction is worth a look, what moderators do with it, and the labelled set that comes of it."""
