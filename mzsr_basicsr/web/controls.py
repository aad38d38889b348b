"""The left side of the page: what a visitor gives and chooses."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from mzsr_basicsr.degradation.kernel_text import FILE_SUFFIXES
from mzsr_basicsr.web import words
from mzsr_basicsr.web.choices import AUTO, ESTIMATED, FILE, GAUSSIAN, NONE, PATH
from mzsr_basicsr.web.limits import Limits

_HERE = Path(__file__).parent
_JS, _DROP = (_HERE / "kernels.js").read_text("utf-8"), (_HERE / "drop.js").read_text("utf-8")
_QUALITIES = [("Fast", "fast"), ("Normal", "normal"), ("Best", "best")]
_QUALITY = "Fast learns nothing from the picture; best takes some 20 times as long as normal"
_KERNELS = [
    ("Estimated from the picture", ESTIMATED),
    ("Gaussian: out of focus", GAUSSIAN),
    ("Motion: draw its path", PATH),
    ("From a file", FILE),
    ("None: plainly reduced", NONE),
]
_WIDEST = (0.3, 8.0)  # px, standard deviations of a Gaussian
_GAUSSIAN_AT_FIRST = (2.0, 1.0, 30)


@dataclass(frozen=True)
class Controls:
    """The components, by what they are for."""

    file: Any
    facts: Any
    scale: Any
    quality: Any
    run: Any
    kernel: Any
    groups: dict[str, Any]
    gaussian: tuple[Any, Any, Any]
    ellipse: Any
    path: Any
    kernel_file: Any
    kernel_note: Any
    noise: Any
    updates: Any

    @property
    def chosen(self) -> list[Any]:
        """What a task is made of, in the order of `Acts.run`."""
        return [self.scale, self.quality, self.kernel, *self.gaussian, self.path, self.noise, self.updates]


def make_controls(limits: Limits) -> Controls:
    """Put the controls where the page is being built."""
    file = gr.File(label="Photo or clip", elem_id="drop")
    gr.HTML(words.limits(limits), elem_id="limits", js_on_load=_DROP)
    facts = gr.HTML(elem_id="facts", visible=False)
    scale = gr.Slider(1, 4, 2, step=0.25, label="Scale", info="How many times larger")
    quality = gr.Radio(_QUALITIES, value="normal", label="Quality", info=_QUALITY)
    run = gr.Button("Enlarge", variant="primary", size="lg", elem_id="run")
    with gr.Accordion("More choices: blur, noise, updates", open=False):
        kernel, groups, gaussian, ellipse, path, kernel_file, kernel_note = _kernels()
        noise = gr.Textbox(
            AUTO, label="Noise", info="auto: estimated; or its standard deviation, 0 to 100 levels of 255"
        )
        updates = gr.Textbox(AUTO, label="Updates", info="auto: as the quality says; or how often to learn, 0 to 10000")
    shown = (kernel, groups, gaussian, ellipse, path, kernel_file, kernel_note)
    return Controls(file, facts, scale, quality, run, *shown, noise, updates)


def _kernels() -> tuple[Any, ...]:
    kernel = gr.Radio(_KERNELS, value=ESTIMATED, label="Blur of the picture", info="What made it unsharp")
    with gr.Column(visible=False) as gaussian_group:
        ellipse = _drawn("gaussian", f"{list(_GAUSSIAN_AT_FIRST)}", "Gaussian kernel; the sliders below change it", 0)
        first, second, degrees = _GAUSSIAN_AT_FIRST
        width1 = gr.Slider(*_WIDEST, first, step=0.05, label="First width, px", info="Standard deviation")
        width2 = gr.Slider(*_WIDEST, second, step=0.05, label="Second width, px", info="Across the first")
        angle = gr.Slider(0, 179, degrees, step=1, label="Angle, degrees", info="Of the first width, clockwise")
    with gr.Column(visible=False) as path_group:
        label = "Path of the motion: draw it with the mouse or a finger, or move with the arrow keys"
        path = _drawn("path", "[]", label, 1)
    with gr.Column(visible=False) as file_group:
        kernel_file = gr.File(label="Kernel file", file_types=list(FILE_SUFFIXES), height=110)
        kernel_note = gr.HTML()
    groups = {GAUSSIAN: gaussian_group, PATH: path_group, FILE: file_group}
    return kernel, groups, (width1, width2, angle), ellipse, path, kernel_file, kernel_note


def _drawn(name: str, value: str, label: str, focus: int) -> Any:
    """Make a canvas of `kernels.js`."""
    way = {"gaussian": "Drag the two white handles.", "path": "Draw the motion here; a new stroke begins anew."}[name]
    role = 'role="application" tabindex="0"' if focus else 'role="img"'
    html = f'<canvas {role} aria-label="{label}"></canvas><p>{way}</p>'
    start = f"{_JS}\n{name}(element, props, trigger, watch);"
    return gr.HTML(value, html_template=html, js_on_load=start, elem_classes="kernel", elem_id=name)


def toggled(controls: Controls) -> Callable[[str], list[Any]]:
    """Give what shows the choices of the kernel that is chosen, and hides the others."""
    return lambda chosen: [gr.update(visible=name == chosen) for name in controls.groups]
