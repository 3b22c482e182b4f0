"""The script of the app: its frame, and in it the page that was chosen."""

from pages.components.navigation import run_app

run_app()
