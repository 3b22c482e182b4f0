"""Enter in a live text input presses a button.

A live input sends its text after each pause, so the server cannot tell a pause from Enter. This listens in the browser
and presses the button that stands beside the input: keyboard, mouse and screen reader then take the same way.
"""

import streamlit as st

_JS = """
export default function ({ data }) {
  const onKeyDown = (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    const input = document.querySelector(`.st-key-${data.input} input`);
    if (event.target !== input) return;
    // The input sends its text on Enter too; the button follows once that is on its way.
    setTimeout(() => document.querySelector(`.st-key-${data.button} button`)?.click(), 0);
  };
  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}
"""

_component = st.components.v2.component("affectra_enter_key", js=_JS)


def enter_presses(*, input_key: str, button_key: str) -> None:
    """Let Enter in the input with key `input_key` press the button with key `button_key`."""
    _component(data={"input": input_key, "button": button_key}, key=f"enter_{button_key}", height=1)
