"""What adaptation gains: a method after its updates against itself before any."""

from collections.abc import Iterator

from mzsr_basicsr.benchmark.results import Gain, Measure, Results

__all__ = ["LOSS", "adapted_columns", "gains"]

LOSS = 0.05  # dB; who ends further below the start has lost


def gains(results: Results) -> list[Gain]:
    """Subtract the PSNR before adaptation from that after it, image by image.

    Returns:
        A gain for each kernel and data set of the methods that were measured after 0 and more updates, then one over
        all of them; kernel by kernel, the sets inside, then the columns. Images that lack one of both are left out,
        and so are cells without any image.
    """
    columns = adapted_columns(results)
    differences = {column: dict(_differences(results, method, updates)) for column, method, updates in columns}
    cells: list[tuple[str | None, str | None]] = [(k.name, d) for k in results.kernels for d in results.datasets]
    found = []
    for kernel, dataset in [*cells, (None, None)]:
        for column, method, updates in columns:
            values = [
                value
                for (d, k, _), value in differences[column].items()
                if kernel is None or (k, d) == (kernel, dataset)
            ]
            if values:
                found.append(_gain(values, dataset, kernel, method, updates, column))
    return found


def adapted_columns(results: Results) -> list[tuple[str, str, int]]:
    """List heading, method and updates of the columns that have a start to be compared with, in their order."""
    known = {m.column: (m.method, m.updates) for m in results.measures}
    starts = {method for method, updates in known.values() if updates == 0}
    ordered = [(column, *known[column]) for column in results.columns if column in known]
    return [(column, method, updates) for column, method, updates in ordered if updates and method in starts]


def _differences(results: Results, method: str, updates: int) -> Iterator[tuple[tuple[str, str, str], float]]:
    """Yield PSNR after so many updates minus PSNR before, dB, by (dataset, kernel, image)."""

    def place(m: Measure) -> tuple[str, str, str]:
        return m.dataset, m.kernel, m.image

    mine = [m for m in results.measures if m.method == method and "psnr" in m.values]
    before = {place(m): m.values["psnr"] for m in mine if m.updates == 0}
    for m in mine:
        if m.updates == updates and place(m) in before:
            yield place(m), m.values["psnr"] - before[place(m)]


def _gain(values: list[float], dataset: str | None, kernel: str | None, method: str, updates: int, column: str) -> Gain:
    return Gain(
        dataset=dataset,
        kernel=kernel,
        method=method,
        updates=updates,
        column=column,
        mean=sum(values) / len(values),
        least=min(values),
        losing=sum(value < -LOSS for value in values) / len(values),
        images=len(values),
    )
