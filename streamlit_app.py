"""Affectra: the entry of the app. What is drawn is in `pages/entry.py`; beside it, finished exports are handed out."""

import streamlit as st

from pages.components.downloads import ROUTES

app = st.App("pages/entry.py", routes=ROUTES)
