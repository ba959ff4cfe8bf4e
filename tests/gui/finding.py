"""Widgets found as a person finds them, by their name or by what is written on them."""

from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget


def named(root, name):
    """The one widget below another of this name, the one that screen readers say or else the one in the code."""
    found = [one for one in root.findChildren(QWidget) if name in (one.accessibleName(), one.objectName())]
    assert len(found) == 1, f"{len(found)} of {name!r}"
    return found[0]


def texts(root):
    """What is written on the labels and buttons that are shown below a widget."""
    below = [one for kind in (QLabel, QAbstractButton) for one in root.findChildren(kind) if one.isVisible()]
    return [text for one in below if (text := one.text())]


def reads(root):
    """`texts`, one a line."""
    return "\n".join(texts(root))


def press(root, text):
    """Press the one button below a widget that shows a text."""
    (button,) = [one for one in root.findChildren(QAbstractButton) if one.isVisible() and one.text() == text]
    button.click()


def close_messages(stack):
    """Close all messages of the window but an offer."""
    for message in [one for one in stack.messages if not one.buttons]:
        message.close_button.click()
