"""Affectra: the entry of the app. Thin: the frame and the list of pages are in `pages/components/navigation.py`."""

from pages.components.navigation import run_app

run_app()
