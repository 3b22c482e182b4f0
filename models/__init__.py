"""What is trained: recipes, evaluation, and the artefacts that the app serves."""
