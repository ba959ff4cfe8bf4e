"""Dialog of the preferences; changes apply at once."""

from pathlib import Path

from PySide6.QtCore import QMargins, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.constants import CARD_NAME, PRECISIONS
from fineparser_core.language import FEET, LANGUAGES
from fineparser_gui.preferences.store import ModelChoice, PreferenceStore
from fineparser_gui.services.session import Session
from fineparser_gui.session.preferences import LONGEST_NAME, MOST_EXEMPLARS
from fineparser_gui.support.widgets import (
    ElidedLabel,
    add_form_row,
    choice_box,
    closing_buttons,
    inset,
    label,
    lay_out,
    resize_within_screen,
    scrolled,
)


class PreferencesDialog(QDialog):
    """Pages: club, analysis.

    Args:
        choice: lists the devices of this computer.

    Signals:
        restart_requested: the program is to begin anew, in another language.
    """

    restart_requested = Signal()

    def __init__(self, preferences: PreferenceStore, session: Session, choice: ModelChoice, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Preferences"))
        resize_within_screen(self, 620, 560)
        self._preferences, self._session, self._choice = preferences, session, choice
        self._at_start = preferences.now.language, preferences.now.units
        self.pages = QTabWidget(documentMode=True)
        self.pages.tabBar().setDrawBase(False)
        self.pages.addTab(scrolled(self._club_page()), self.tr("Club and language"))
        self.pages.addTab(scrolled(self._analysis_page()), self.tr("Analysis"))
        self._choices = {
            "precision": self.precision,
            "language": self.language,
            "units": self.units,
            "theme": self.theme,
        }
        for name, box in {**self._choices, "device": self.device}.items():
            box.activated.connect(lambda _, name=name, box=box: preferences.change(**{name: box.currentData()}))
        lay_out(QVBoxLayout(self), (self.pages, 1), closing_buttons(self))
        preferences.changed.connect(self._show)
        choice.devices_changed.connect(self._show)
        session.model_changed.connect(self._show)
        self._show()

    def _club_page(self) -> QWidget:
        self.club = self._text_field("club")
        self.club.setPlaceholderText(self.tr("for reports"))
        languages = ((name, code) for code, name in LANGUAGES.items())
        self.language = choice_box([(self.tr("that of the system"), ""), *languages])
        self.units = choice_box([(self.tr("meters"), "meters"), (self.tr("feet"), FEET)])
        what = label(self.tr("Language and lengths change at the next start."), "muted", wrap=True)
        self._restart = QWidget()
        self.restart = QPushButton(self.tr("Restart now"), clicked=lambda: self.restart_requested.emit())
        lay_out(QHBoxLayout(self._restart, contentsMargins=QMargins()), (what, 1), self.restart)
        themes = {"system": self.tr("follow the system"), "light": self.tr("light"), "dark": self.tr("dark")}
        self.theme = choice_box((text, name) for name, text in themes.items())
        page, form = _form()
        add_form_row(form, self.tr("&Club"), self.club)
        add_form_row(form, self.tr("&Theme"), self.theme)
        add_form_row(form, self.tr("&Language"), self.language)
        add_form_row(form, self.tr("Len&gths"), self.units)
        form.addRow(self._restart)
        return page

    def _text_field(self, name: str) -> QLineEdit:
        field = QLineEdit(maxLength=LONGEST_NAME)
        field.editingFinished.connect(lambda: self._preferences.change(**{name: field.text().strip()}))
        return field

    def _analysis_page(self) -> QWidget:
        self.device = QComboBox()
        names = {
            "auto": self.tr("native precision of the device"),
            "int8": self.tr("int8: fastest on processors"),
            "fp32": self.tr("fp32: exact, slowest"),
            "bf16": self.tr("bf16: fast on recent processors and cards"),
            "fp16": self.tr("fp16: fast on older cards"),
        }
        self.precision = choice_box((names[name], name) for name in PRECISIONS)
        self._weights = ElidedLabel()
        self.choose_weights = QPushButton(self.tr("Choose…"))
        self.choose_weights.setAccessibleName(self.tr("Choose another folder of weights"))
        self.choose_weights.clicked.connect(self._on_choose_weights)
        self.bundled_weights = QPushButton(self.tr("Bundled"))
        self.bundled_weights.setAccessibleName(self.tr("Use the bundled weights"))
        self.bundled_weights.clicked.connect(lambda: self._preferences.change(weights=""))
        weights = lay_out(QHBoxLayout(spacing=8), (self._weights, 1), self.choose_weights, self.bundled_weights)
        self.n_exemplars = inset(QSpinBox())
        self.n_exemplars.setRange(1, MOST_EXEMPLARS)
        self.n_exemplars.setKeyboardTracking(False)
        self.n_exemplars.valueChanged.connect(lambda number: self._preferences.change(n_exemplars=number))
        self._running = label(role="muted", wrap=True)
        self.problem = label(role="error", wrap=True)
        page, form = _form()
        add_form_row(form, self.tr("&Device"), self.device)
        add_form_row(form, self.tr("&Precision"), self.precision)
        caption = label(self.tr("Weights"))
        self.choose_weights.ensurePolished()
        caption.setMinimumHeight(self.choose_weights.sizeHint().height())
        form.addRow(caption, weights)
        form.addRow(self.problem)
        add_form_row(form, self.tr("&Exemplars per dive"), self.n_exemplars)
        form.addRow(self._running)
        form.addRow(
            label(
                self.tr(
                    "Changing the device, precision or weights analyses the dives again. Everything you have entered "
                    "stays."
                ),
                "muted",
                wrap=True,
            )
        )
        return page

    def _show(self) -> None:
        """Set all controls from the preferences."""
        now = self._preferences.now
        self.problem.hide()
        self._fill_devices(now.device)
        for name, box in self._choices.items():
            box.setCurrentIndex(box.findData(getattr(now, name)))
        self.club.setText(now.club)
        self._restart.setVisible((now.language, now.units) != self._at_start)
        with QSignalBlocker(self.n_exemplars):
            self.n_exemplars.setValue(now.n_exemplars)
        self._weights.set_text(now.weights or self.tr("bundled"))
        self.bundled_weights.setEnabled(bool(now.weights))
        model = self._session.model
        if model is None:
            self._running.setText(self.tr("Loading the model…"))
        else:
            text = self.tr("Running: {0} on {1}, {2}.")
            device = self._choice.devices.get(model.device, model.device)
            self._running.setText(text.format(model.card.get("id", ""), device, model.precision))

    def _fill_devices(self, chosen: str) -> None:
        devices = self._choice.devices
        best = next(iter(devices.values()), "")
        self.device.clear()
        self.device.addItem(self.tr("best available ({0})").format(best) if best else self.tr("best available"), "auto")
        for name, text in devices.items():
            self.device.addItem(f"{name.upper()}: {text}", name)
        if self.device.findData(chosen) < 0:
            self.device.addItem(self.tr("{0}: not available on this computer").format(chosen.upper()), chosen)
        self.device.setCurrentIndex(self.device.findData(chosen))

    def _on_choose_weights(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self, self.tr("Folder of weights (contains config.json)"), self._preferences.now.weights
        )
        if not name:
            return
        if (Path(name) / CARD_NAME).is_file():
            self._preferences.change(weights=name)
            return
        text = self.tr("{0} contains no weights (no config.json). Choose the folder that training has written.")
        self.problem.setText(text.format(name))
        self.problem.show()


def _form() -> tuple[QWidget, QFormLayout]:
    page = QWidget()
    form = QFormLayout(
        page,
        contentsMargins=QMargins(4, 14, 4, 4),
        verticalSpacing=10,
        horizontalSpacing=14,
        labelAlignment=Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
        fieldGrowthPolicy=QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow,
    )
    return page, form
