"""Enter in a live text input presses a button.

A live input sends its text after each pause, so the server cannot tell a pause from Enter. This listens in the browser
and presses the button that stands beside the input: keyboard, mouse and screen reader then take the same way.
"""

import streamlit as st

# One listener for the life of the browser's page: Streamlit mounts a component again with every run, and an Enter that
# fell between the old one's end and the new one's start would be lost.
_JS = """
export default function ({ data }) {
  if (!window.affectraEnter) {
    window.affectraEnter = new Map();
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
      for (const [input, button] of window.affectraEnter) {
        if (event.target !== document.querySelector(`.st-key-${input} input`)) continue;
        // The input sends its text on Enter too; the button follows once that is on its way.
        setTimeout(() => document.querySelector(`.st-key-${button} button`)?.click(), 0);
      }
    });
  }
  window.affectraEnter.set(data.input, data.button);
}
"""

_component = st.components.v2.component("affectra_enter_key", js=_JS)


def enter_presses(*, input_key: str, button_key: str) -> None:
    """Let Enter in the input with key `input_key` press the button with key `button_key`."""
    _component(data={"input": input_key, "button": button_key}, key=f"enter_{button_key}", height=1)
