"""What the page says, as pieces of HTML; whatever comes from files is escaped."""

from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from mzsr_basicsr.web.eta import said
from mzsr_basicsr.web.limits import Limits
from mzsr_basicsr.web.messages import Done, Waiting, Working
from mzsr_basicsr.web.upload import Upload

TOP = """<h1>Larger and sharper</h1>
<p>Zero-shot super-resolution: the network learns from your own picture while it enlarges it.
Everything stays on this machine.</p>"""
WELCOME = """<div class="mzsr"><strong>How it works</strong><ol><li>Drop a photo or a clip.</li>
<li>Press <em>Enlarge</em>. A photo of a phone takes some minutes on a processor, seconds on a graphics card.</li>
<li>Compare the result with plain bicubic enlargement, and download it.</li></ol></div>"""
_COMPARE = "<br>Left of the line is plain bicubic enlargement, right of it the result. Wheel or pinch to zoom."
_NO_BLUR = 0.05  # px², of the larger variance; less cannot be seen


def limits(taken: Limits) -> str:
    """Say what is taken."""
    form = (
        '<p class="dim">Up to {:g} MB and {:g} megapixels; any format that <code>mzsr upscale</code> reads.</p>'
        '<p class="mzsr-error" role="alert" data-bytes="{}" hidden></p>'
    )
    return Markup(form).format(taken.megabytes, taken.megapixels, taken.bytes)


def url(path: Path) -> str:
    """Give the address of a file that may be sent."""
    return f"gradio_api/file={quote(str(path))}"


def error(line: str) -> str:
    """Say what is wrong."""
    return Markup('<p class="mzsr-error" role="alert">{}</p>').format(line)


def note(line: str) -> str:
    """Say how things stand."""
    return Markup('<div class="mzsr" role="status">{}</div>').format(line)


def waiting(event: Waiting) -> str:
    """Say who is before a visitor."""
    others = "one file is" if event.before == 1 else f"{event.before} files are"
    line = f"You are number {event.before + 1} in the queue: {others} before yours."
    return Markup('<div class="mzsr" role="status">{}<progress aria-label="waiting"></progress></div>').format(line)


def working(event: Working, seconds: float | None) -> str:
    """Say what is done, how much of it, and how long it will take."""
    left = "" if seconds is None else said(seconds)
    known = event.total > 0
    share = min(1.0, event.done / event.total) if known else 0.0
    count = f" {event.done} of {event.total} {event.unit}" if known and event.unit else f" {share:.0%}" if known else ""
    value = Markup(' value="{:.4f}"').format(share) if known else ""
    return Markup(
        '<div class="mzsr" role="status"><div class="row"><span><strong>{}</strong>{}</span>'
        '<span class="dim">{}</span></div><progress max="1" aria-label="{}"{}></progress></div>'
    ).format(event.step, count, left, event.step, value)


def facts(upload: Upload, scale: float) -> str:
    """Show a file that was taken."""
    address = url(upload.path)
    shown = {
        "img": Markup('<img src="{}" alt="your picture">').format(address),
        "video": Markup('<video src="{}" muted playsinline aria-label="your clip"></video>').format(address),
        "": "",
    }[upload.preview]
    words = upload.words(scale)
    return Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(shown, words)


def finished(done: Done, seconds: float) -> str:
    """Say that all is done."""
    lines = [Markup("<strong>Done</strong> in {:.1f} s: {}").format(seconds, done.result.name)]
    if done.before is None:
        lines.append(Markup("<br>There is no picture to show of this kind of file; download it."))
    else:
        lines.append(Markup(_COMPARE))
    if done.reduced > 1:
        lines.append(Markup("<br>Shown {} times smaller; the download is whole.").format(done.reduced))
    return Markup('<div class="mzsr" role="status">{}</div>').format(Markup("").join(lines))


def details(done: Done, command: str) -> str:
    """Show the kernel, the losses, what was found and noticed, and the command that gives the same."""
    kernel = Markup("")
    if done.kernel is not None:
        form = (
            '<figure><img src="{}" alt="the blur kernel that was used">'
            "<figcaption>The blur kernel, px by px</figcaption></figure>"
        )
        kernel = Markup(form).format(url(done.kernel))
    plot = Markup('<p class="dim">No updates were made, so there is no plot.</p>')
    if done.plot:
        caption = "<figcaption>Loss on what was learned from, and on a part that was held out, by update</figcaption>"
        plot = Markup("<figure>{}{}</figure>").format(Markup(done.plot), Markup(caption))
    listed = Markup("").join(Markup("<li>{}</li>").format(line) for line in _found(done))
    return Markup(
        '<div class="grid">{}{}</div><ul>{}</ul><p class="dim">The same on the command line:</p><pre>{}</pre>'
    ).format(kernel, plot, listed, command)


def _found(done: Done) -> list[str]:
    record = done.record
    kernel = record.get("kernel") or next(iter(record.get("kernels", [])), None)
    lines = []
    if kernel is not None:
        sure = kernel.get("confidence")
        wide = f"{kernel['lambda1'] ** 0.5:.2f} and {kernel['lambda2'] ** 0.5:.2f} px"
        blur = f"Blur: {wide} wide" if kernel["lambda1"] > _NO_BLUR else "Blur: none beside the reduction itself"
        lines.append(blur + ("" if sure is None else f", estimated with confidence {sure:.0%}"))
    noise = record.get("noise")
    if isinstance(noise, float):
        lines.append(f"Noise: {noise:.1f} levels of 255")
    if "updates_made" in record:
        lines.append(f"Updates: {record['updates_kept']} of {record['updates_made']} kept")
    return [*lines, *record.get("notices", [])]
