"""The page: its components, and what happens when they are used."""

from pathlib import Path
from typing import Any

import gradio as gr

from mzsr_basicsr.web import words
from mzsr_basicsr.web.acts import Acts, Results
from mzsr_basicsr.web.controls import Controls, make_controls, toggled

TITLE = "MZSR: zero-shot super-resolution"
CSS = Path(__file__).parent / "page.css"
_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica", "Arial", "sans-serif"]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]
_SEE_STATUS = """(...chosen) => {
  const status = document.querySelector("#status"), place = status.getBoundingClientRect();
  if (place.top < 0 || place.bottom > window.innerHeight) status.scrollIntoView({ behavior: "smooth" });
  return chosen;
}"""  # on a phone it lies below the choices
_HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}


def theme() -> gr.themes.Base:
    """Give the colours; the fonts are the visitor's own, none is fetched."""
    soft = gr.themes.Soft(primary_hue="blue", secondary_hue="blue", neutral_hue="slate", font=_FONTS, font_mono=_MONO)
    return soft.set(
        block_title_background_fill="transparent",
        block_title_text_color="*body_text_color",
        block_title_text_color_dark="*body_text_color",
        block_title_padding="0",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_text_color="*body_text_color",
        block_label_text_color_dark="*body_text_color",
    )


def build(acts: Acts) -> gr.Blocks:
    """Make the page.

    Args:
        acts: what its events do.
    """
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        gr.HTML(words.TOP, elem_id="top")
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                controls = make_controls(acts.visits.limits)
            with gr.Column(scale=3, min_width=320):
                results = _make_results()
        _bind_file(acts, controls, results)
        _bind_kernel(acts, controls)
        outputs = [results.status, controls.run, results.stop, results.compare, results.row, results.download]
        outputs += [results.kernel, results.details]
        controls.run.click(acts.run, controls.chosen, outputs, js=_SEE_STATUS, **_HIDDEN)
        results.stop.click(acts.stop, None, results.status, **_HIDDEN)
        page.unload(acts.leave)
    return page


def _make_results() -> Results:
    status = gr.HTML(words.WELCOME, elem_id="status")
    stop = gr.Button("Stop", variant="stop", visible=False, elem_id="stop")
    compare = gr.ImageSlider(
        label="Before and after",
        show_label=False,
        visible=False,
        interactive=False,
        type="filepath",
        max_height=620,
        buttons=["fullscreen"],
        elem_id="compare",
    )
    with gr.Row(visible=False) as row:
        download = gr.DownloadButton("Download the result", variant="primary", elem_id="download")
        kernel = gr.DownloadButton("Download the kernel", elem_id="download-kernel")
    details = gr.HTML(elem_id="details", visible=False)
    return Results(status, stop, compare, row, download, kernel, details)


def _bind_file(acts: Acts, controls: Controls, results: Results) -> None:
    taken = [controls.facts, results.status]
    controls.file.upload(acts.take_file, [controls.file, controls.scale], taken, **_HIDDEN)
    controls.file.clear(acts.forget_file, None, taken, **_HIDDEN)
    controls.scale.release(acts.measure, controls.scale, controls.facts, **_HIDDEN)


def _bind_kernel(acts: Acts, controls: Controls) -> None:
    controls.kernel.change(toggled(controls), controls.kernel, list(controls.groups.values()), **_HIDDEN)
    note = controls.kernel_note
    controls.kernel_file.upload(acts.take_kernel, controls.kernel_file, note, **_HIDDEN)
    controls.kernel_file.clear(acts.forget_kernel, None, note, **_HIDDEN)
    sliders = list(controls.gaussian)
    for slider in sliders:
        slider.input(None, sliders, controls.ellipse, js="(...v) => JSON.stringify(v)", api_visibility="private")
    controls.ellipse.input(None, controls.ellipse, sliders, js="(v) => JSON.parse(v)", api_visibility="private")
