"""The application's style sheet: shape only, colours filled in from roles.

Item views get none but for their headers: a style sheet there disables the native palette.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path

_SHAPE = string.Template("""
QMainWindow::separator { background: $window; width: 3px; height: 3px; }
QMainWindow::separator:hover { background: $lineStrong; }
QSplitter::handle { background: $window; }
QDialog { background: $panel; }
QMenuBar { background: $raised; color: $text2; padding: 0 6px; }
QMenuBar::item { background: transparent; padding: 5px 8px; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $selection; color: $text1; }
QMenu { background: $raised; color: $text1; border: 1px solid $lineStrong; padding: 4px 0; }
QMenu::item { padding: 5px 22px 5px 26px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $line; margin: 4px 0; }
QMenu::icon { padding-left: 7px; }
QToolBar { background: $raised; border: 0; border-bottom: 1px solid $line; padding: 0 8px; spacing: 4px; }
QToolBar[bare="true"] { border: 0; padding: 0; spacing: 0; }
QToolBar::separator { background: $line; width: 1px; margin: 10px 5px; }
QStatusBar { background: $raised; color: $text2; border-top: 1px solid $line; }
QStatusBar::item { border: 0; }
QToolTip { background: $raised; color: $text1; border: 1px solid $lineStrong; padding: 4px 6px; }

QToolButton { background: transparent; color: $text2; border: 1px solid transparent; border-radius: 4px;
  padding: 0 8px; min-height: 26px; }
QToolButton:hover { background: $hover; color: $text1; }
QToolButton:pressed, QToolButton:checked { background: $selection; color: $text1; }
QToolButton:focus { border: 2px solid $focus; padding: 0 7px; min-height: 24px; }
QToolButton:disabled { color: $disabled; }
QToolButton[small="true"] { padding: 0; min-height: 0; border-radius: 3px; }
QToolButton[small="true"]:focus { padding: 0; min-height: 0; }
QToolButton::menu-indicator { image: none; }
QPushButton { background: $panel; color: $text1; border: 1px solid $control; border-radius: 4px;
  padding: 0 9px; min-height: 26px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed, QPushButton:checked { background: $selection; }
QPushButton:default, QPushButton[kind="primary"] { background: $accentFill; color: $onAccent;
  border: 1px solid $accentFill; }
QPushButton[kind="plain"] { background: transparent; color: $text2; border: 1px solid transparent; }
QPushButton[kind="plain"]:hover { background: $hover; color: $text1; }
QPushButton[small="true"] { border-radius: 3px; padding: 0 7px; min-height: 20px; }
QPushButton:focus { border: 2px solid $focus; padding: 0 8px; min-height: 24px; }
QPushButton[small="true"]:focus { padding: 0 6px; min-height: 18px; }
QPushButton:disabled { background: $panel; color: $disabled; border: 1px solid $line; }

QLabel[role="text2"] { color: $text2; }
QLabel[role="text3"] { color: $text3; }
QLabel[role="error"] { color: $error; }
QLabel[role="alert"] { color: $alert; }
QLabel[role="delayed"] { color: $delayed; }
QLabel[role="success"] { color: $success; }
QLabel[role="simulated"] { color: $simulated; }
QLineEdit, QComboBox { background: $sunken; color: $text1;
  border: 1px solid $control; border-radius: 4px; padding: 0 7px; min-height: 26px;
  selection-background-color: $selection; selection-color: $text1; }
QLineEdit:focus, QComboBox:focus { border: 2px solid $focus; padding: 0 6px; min-height: 24px; }
QLineEdit:disabled, QComboBox:disabled { color: $disabled; border: 1px solid $line; }
QLineEdit[small="true"], QComboBox[small="true"] { min-height: 20px; padding: 0 5px; }
QLineEdit[small="true"]:focus, QComboBox[small="true"]:focus { min-height: 18px; padding: 0 4px; }
QComboBox::drop-down { border: 0; width: 18px; }
QComboBox::down-arrow { image: url("$icons/chevron-$ink.svg"); width: 14px; height: 14px; }
QCheckBox, QRadioButton { color: $text1; spacing: 7px; }
QCheckBox:disabled, QRadioButton:disabled { color: $disabled; }
QCheckBox::indicator, QMenu::indicator:non-exclusive, QGroupBox::indicator { width: 13px; height: 13px;
  border: 1px solid $control; border-radius: 3px; background: $sunken; }
QCheckBox::indicator:checked, QMenu::indicator:non-exclusive:checked, QGroupBox::indicator:checked {
  background: $accentFill; border: 1px solid $accentFill; image: url("$icons/check-$accent_ink.svg"); }
QRadioButton::indicator, QMenu::indicator:exclusive { width: 13px; height: 13px; border: 1px solid $control;
  border-radius: 7px; background: $sunken; }
QRadioButton::indicator:checked, QMenu::indicator:exclusive:checked { width: 7px; height: 7px;
  border: 4px solid $accentFill; background: $onAccent; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: $focus; }
QMenu::indicator { left: 7px; }
QAbstractItemView QLineEdit { border-radius: 0; min-height: 18px; padding: 0 3px; }
QComboBox QAbstractItemView { background: $raised; color: $text1; border: 1px solid $lineStrong;
  selection-background-color: $selection; selection-color: $text1; }
QHeaderView { background: $panel; }
QHeaderView::section { background: $panel; color: $text3; border: 0; border-bottom: 1px solid $line;
  padding: 0 5px; min-height: 23px; }
QHeaderView::section:hover { color: $text1; }
QTableCornerButton::section { background: $panel; border: 0; border-bottom: 1px solid $line; }
QTabBar::tab { background: $raised; color: $text2; border: 0; border-right: 1px solid $line;
  border-top: 2px solid transparent; padding: 0 10px; min-height: 26px; }
QTabBar::tab:selected { background: $panel; color: $text1; border-top: 2px solid $accent; }
QTabBar::tab:hover:!selected { background: $hover; }
QTabWidget::pane { border: 0; }
QProgressBar { background: $line; border: 0; border-radius: 3px; max-height: 6px; min-height: 6px; color: transparent; }
QProgressBar::chunk { background: $accentFill; border-radius: 3px; }
QSlider::groove:horizontal { background: $control; height: 2px; }
QSlider::handle:horizontal { background: $text1; width: 4px; margin: -6px 0; border-radius: 2px; }
QScrollArea { border: 0; background: $panel; }

QScrollBar:vertical { background: $panel; width: 10px; margin: 0; border: 0; }
QScrollBar:horizontal { background: $panel; height: 10px; margin: 0; border: 0; }
QScrollBar::handle:vertical { background: $lineStrong; min-height: 24px; margin: 2px; border-radius: 3px; }
QScrollBar::handle:horizontal { background: $lineStrong; min-width: 24px; margin: 2px; border-radius: 3px; }
QScrollBar::handle:hover { background: $control; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
""")


def build_style_sheet(colours: Mapping[str, str], icons: Path, *, dark_ground: bool, dark_on_accent: bool) -> str:
    """Fill the roles, given as style sheets write them, into the shapes.

    `icons` holds the few pictures that only a style sheet can place, each in light and dark ink.
    """
    return _SHAPE.substitute(
        colours,
        icons=icons.as_posix(),
        ink="light" if dark_ground else "dark",
        accent_ink="dark" if dark_on_accent else "light",
    )
