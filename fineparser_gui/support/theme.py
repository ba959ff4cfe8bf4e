"""Colors and style sheet of the window: light, dark, or following the system."""

from dataclasses import asdict, dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from fineparser_core.export import palette
from fineparser_core.export.palette import STEP_COLORS
from fineparser_core.resources import resource


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colors by role, as #rrggbb."""

    window: str
    surface: str
    sunken: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    warning: str
    on_warning: str
    danger: str
    on_danger: str


LIGHT = Theme(
    window="#f3f5f8",
    surface="#ffffff",
    sunken="#e9edf2",
    border="#7b8794",
    text="#17212b",
    muted="#586776",
    accent="#0a66c2",
    on_accent="#ffffff",
    warning="#fff3d6",
    on_warning="#734a00",
    danger="#fde8e8",
    on_danger="#932020",
)
DARK = Theme(
    window="#12171c",
    surface="#1b2229",
    sunken="#141a20",
    border="#6d7a87",
    text="#e9eef3",
    muted="#9aa8b6",
    accent="#58aaf6",
    on_accent="#07131f",
    warning="#3b2f12",
    on_warning="#ffd98a",
    danger="#421c1e",
    on_danger="#ffb9b9",
)

_STYLE = """
* {{ outline: none; }}
QMainWindow, QDialog {{ background: {window}; }}
QFrame[card="true"] {{ background: {surface}; border: 1px solid {border}; border-radius: 10px; }}
QFrame[role="row"] {{ border: 1px solid transparent; border-radius: 5px; }}
QFrame[role="row"]:hover {{ background: {sunken}; }}
QFrame[role="row"]:focus {{ border-color: {accent}; }}
QLabel {{ background: transparent; }}
QLabel:disabled {{ color: {muted}; }}
QLabel[role="title"] {{ font-weight: 600; }}
QLabel[role="muted"] {{ color: {muted}; }}
QLabel[role="error"] {{ color: {on_danger}; }}
QPushButton {{
    background: {surface}; color: {text}; border: 1px solid {border}; border-radius: 7px; padding: 6px 14px;
}}
QPushButton:hover {{ border-color: {accent}; }}
QPushButton:pressed {{ background: {sunken}; }}
QPushButton:focus {{ border: 2px solid {accent}; padding: 5px 13px; }}
QPushButton:disabled {{ color: {muted}; }}
QPushButton[role="primary"] {{ background: {accent}; color: {on_accent}; border-color: {accent}; font-weight: 600; }}
QPushButton[role="primary"]:focus {{ border: 2px solid {text}; }}
QPushButton[role="primary"]:disabled {{ background: {sunken}; color: {muted}; border-color: {border}; }}
QPushButton[role="notice"] {{
    background: {warning}; color: {on_warning}; border: 1px solid {warning}; text-align: left; padding: 5px 10px;
}}
QPushButton[role="notice"]:hover, QPushButton[role="notice"]:focus {{ border: 1px solid {on_warning}; }}
QPushButton[role="chip"], QPushButton[role="tool"] {{ padding: 3px 10px; }}
QPushButton[role="chip"] {{ border-radius: 10px; }}
QPushButton[role="chip"]:checked, QPushButton[role="tool"]:checked {{ background: {selected}; border-color: {accent}; }}
QPushButton[role="chip"]:focus, QPushButton[role="tool"]:focus {{ padding: 2px 9px; }}
QPushButton[role="large"] {{ font-size: 12pt; font-weight: 600; }}
QPushButton[role="large"]:checked {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}
QPushButton[role="row"] {{ text-align: left; padding: 4px 10px; }}
QPushButton[role="row"]:focus {{ padding: 3px 9px; }}
QWidget#dockTitle {{ background: {surface}; border-top: 1px solid {border}; }}
QTableView#library::item {{ padding: 2px 6px; }}
QTableView#library QHeaderView::section {{ padding: 3px 6px; }}
QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 7px; padding: 5px; }}
QToolButton[role="large"] {{ background: {surface}; border-color: {border}; padding: 5px 0; }}
QToolButton:hover {{ background: {sunken}; }}
QToolButton:pressed {{ background: {border}; }}
QToolButton:checked {{ background: {sunken}; border-color: {border}; }}
QToolButton:focus {{ border: 1px solid {accent}; }}
QMenuBar QToolButton {{ padding: 1px 5px; }}
QToolButton::menu-indicator {{ image: none; }}
QToolButton[role="fold"] {{ background: {sunken}; border-radius: 4px; padding: 0; margin: 0 1px; }}
QToolButton[role="fold"]:checked {{ border-color: transparent; }}
QToolButton[role="fold"]:hover {{ border-color: {border}; }}
QToolButton[role="fold"]:focus {{ border-color: {accent}; }}
QLineEdit, QPlainTextEdit, QComboBox, QSpinBox, QDoubleSpinBox, QDateEdit {{
    background: {window}; color: {text}; border: 1px solid {border}; border-radius: 7px; padding: 5px 8px;
    selection-background-color: {accent}; selection-color: {on_accent};
}}
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus, QDateEdit:focus {{
    border: 2px solid {accent}; padding: 4px 7px;
}}
QLineEdit:disabled, QPlainTextEdit:disabled, QComboBox:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled,
QDateEdit:disabled {{
    color: {muted};
}}
QComboBox {{ combobox-popup: 0; qproperty-maxVisibleItems: 12; }}
QLineEdit[valid="false"] {{ border: 1px solid {on_danger}; }}
QComboBox[role="quiet"] {{
    background: transparent; border-color: transparent; color: {muted}; padding: 2px 2px 2px 6px;
}}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{
    border: none; background: transparent; width: 20px; margin-right: 2px;
}}
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: url("{chevron}"); width: 10px; height: 10px; }}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url("{chevron_up}"); width: 10px; height: 10px; }}
QComboBox[role="quiet"]:hover, QComboBox[role="quiet"]:focus {{
    border: 1px solid {accent}; padding: 2px 2px 2px 6px;
}}
QComboBox::drop-down, QDateEdit::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow, QDateEdit::down-arrow {{ image: url("{chevron}"); width: 14px; height: 14px; }}
QComboBox QAbstractItemView {{
    background: {surface}; border: 1px solid {border}; selection-background-color: {accent};
    selection-color: {on_accent};
}}
QComboBox QAbstractItemView::item {{ min-height: 22px; padding: 0 6px; }}
QCheckBox {{ spacing: 7px; }}
QCheckBox::indicator, QAbstractItemView::indicator {{
    width: 15px; height: 15px; border: 1px solid {muted}; border-radius: 4px; background: {window};
}}
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {{
    background: {checked}; border-color: {checked}; image: url("{check}");
}}
QCheckBox::indicator:focus {{ border: 2px solid {accent}; }}
QListView#dives, QTableView, QTextBrowser, QScrollArea {{
    background: {surface}; border: 1px solid transparent; color: {text}; selection-background-color: {selected};
    selection-color: {text};
}}
QListView#dives:focus, QTableView:focus, QTextBrowser:focus {{ border: 1px solid {accent}; border-radius: 6px; }}
QListWidget, QTreeWidget {{
    background: {surface}; border: 1px solid {border}; border-radius: 8px; padding: 4px; color: {text};
}}
QListWidget:focus, QTreeWidget:focus {{ border: 1px solid {accent}; }}
QTreeWidget::branch {{ background: {surface}; }}
QTreeWidget::item {{ border-radius: 6px; padding: 4px 6px; }}
QListWidget::item {{ border-radius: 6px; padding: 6px 8px; }}
QListWidget#strip {{ border-color: transparent; padding: 0; }}
QListWidget#strip:focus {{ border-color: {accent}; }}
QListWidget#strip::item {{ padding: 0; }}
QListWidget::item:selected, QTreeWidget::item:selected {{ background: {selected}; color: {text}; }}
QListWidget::item:hover:!selected, QTreeWidget::item:hover:!selected {{ background: {sunken}; }}
QListView#dives::item {{ border-radius: 8px; margin: 1px 4px; }}
QListView#dives::item:selected {{ background: {selected}; }}
QListView#dives::item:hover:!selected {{ background: {sunken}; }}
QTableView {{ alternate-background-color: {surface}; gridline-color: transparent; }}
QTableView::item {{ padding: 2px 1px; border-bottom: 1px solid {sunken}; }}
QTableView::item:selected {{ background: {selected}; color: {text}; }}
QHeaderView {{ background: {surface}; }}
QHeaderView::section {{
    background: {surface}; color: {muted}; border: none; border-bottom: 1px solid {border}; padding: 3px 2px;
}}
QHeaderView::down-arrow, QHeaderView::up-arrow {{
    subcontrol-origin: padding; subcontrol-position: center left; width: 10px; height: 10px;
}}
QTableView#library QHeaderView::down-arrow, QTableView#library QHeaderView::up-arrow {{
    subcontrol-position: center right;
}}
QHeaderView::down-arrow {{ image: url("{chevron_up}"); }}
QHeaderView::up-arrow {{ image: url("{chevron}"); }}
QProgressBar {{ background: {sunken}; border: none; border-radius: 3px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QSlider::groove:horizontal {{ height: 4px; background: {border}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 14px; margin: -5px 0; border-radius: 7px; background: {accent}; }}
QSlider::handle:horizontal:focus {{ background: {text}; }}
QFrame#banner {{ background: {danger}; border: 1px solid {border}; border-radius: 8px; }}
QFrame#offer, QLabel#offer {{ background: {surface}; border: 2px solid {accent}; border-radius: 8px; }}
QFrame#banner QLabel {{ color: {on_danger}; }}
QFrame#emptyState {{ border: 2px dashed {border}; border-radius: 14px; background: {surface}; }}
"""


#: Color scheme to request from the system, which draws title bars and some dialogs.
_SCHEMES = {"system": Qt.ColorScheme.Unknown, "light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
_DARK_TEXT, _LIGHT_TEXT = QColor("#101820"), QColor("#ffffff")


class ThemeManager(QObject):
    """Manager of the theme, which follows the desktop's color scheme."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._choice = "system"
        self._applied: Theme | None = None
        self._system_is_dark = app.palette().window().color().lightnessF() < 0.5
        app.setStyle("Fusion")
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        self._follow_system()

    def choose(self, choice: str) -> None:
        """Set the theme: "light", "dark", or "system" to follow the desktop."""
        self._choice = choice
        QGuiApplication.styleHints().setColorScheme(_SCHEMES[choice])
        self._follow_system()

    def _follow_system(self) -> None:
        scheme = QGuiApplication.styleHints().colorScheme()
        dark = scheme == Qt.ColorScheme.Dark
        if self._choice != "system":
            dark = self._choice == "dark"
        elif scheme == Qt.ColorScheme.Unknown:  # the desktop reports no scheme: use the initial palette
            dark = self._system_is_dark
        self.use(DARK if dark else LIGHT)

    def use(self, theme: Theme) -> None:
        """Apply a theme; widgets redraw icons as the palette changes (`follow_palette`)."""
        if theme == self._applied:  # setting a style sheet is slow once there are widgets
            return
        self._applied = theme
        self._app.setPalette(_palette(theme))
        selected = mix(theme.surface, theme.accent, 0.16)
        self._app.setStyleSheet(
            _STYLE.format(
                selected=selected.name(),
                checked=LIGHT.accent,  # contrasts with the white tick in both themes
                chevron=resource("icons", "chevron-down.svg").as_posix(),
                chevron_up=resource("icons", "chevron-up.svg").as_posix(),
                check=resource("icons", "check.svg").as_posix(),
                **asdict(theme),
            )
        )


def mix(first: str, second: str, share: float) -> QColor:
    """Return the linear mix of two colors; share 0 is the first, 1 the second."""
    a, b = QColor(first), QColor(second)
    return QColor.fromRgbF(
        (1 - share) * a.redF() + share * b.redF(),
        (1 - share) * a.greenF() + share * b.greenF(),
        (1 - share) * a.blueF() + share * b.blueF(),
    )


def step_color(step: str) -> QColor:
    """Return the color of a step of `fineparser_core.constants.STEP_NAMES`."""
    return QColor(STEP_COLORS[step])


def text_on(color: QColor) -> QColor:
    """Return the dark or light text color, whichever has more contrast with a color."""
    return max((_DARK_TEXT, _LIGHT_TEXT), key=lambda text: contrast(text, color))


def contrast(first: QColor, second: QColor) -> float:
    """Return the contrast ratio of WCAG 2: 1 for equal colors to 21 for black and white."""
    return palette.contrast(*((one.red(), one.green(), one.blue()) for one in (first, second)))


def _palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for target, color in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.surface),
        (role.AlternateBase, theme.sunken),
        (role.Text, theme.text),
        (role.Button, theme.surface),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.on_accent),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.ToolTipBase, theme.surface),
        (role.ToolTipText, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Mid, theme.border),
        (role.Link, theme.accent),
        (role.Accent, theme.accent),
    ):
        palette.setColor(target, QColor(color))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(theme.muted))
    return palette
