"""TaskEmbedding: the code of a kernel in closed form, and what must not change a vector."""

import math

import numpy as np
import pytest
import torch

from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.shake import shake_kernel
from mzsr_basicsr.meta.clusters import Clusters
from mzsr_basicsr.meta.embedding import CODE, TaskEmbedding, code_of, packed, patches_of

DEGRADATION = Degradation(gaussian_kernel(3.0, 1.0, 0.4, 21), 2, noise=0.03)


@pytest.fixture(scope="module")
def embedding() -> TaskEmbedding:
    torch.manual_seed(0)
    return TaskEmbedding().eval()


@pytest.mark.parametrize("scale", [1.5, 2, 4])
def test_the_code_of_a_gaussian_is_a_gaussian(scale: float) -> None:
    """exp(-2 pi^2 f^T S f) in cycles per LR px, with the covariance in LR px²; the same at every scale."""
    kernel = gaussian_kernel(1.5 * scale**2, 0.5 * scale**2, 0.4, 61)
    expected = []
    for degrees in (0, 45, 90, 135):
        across, down = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        long, short = across * math.cos(0.4) + down * math.sin(0.4), down * math.cos(0.4) - across * math.sin(0.4)
        variance = 1.5 * long**2 + 0.5 * short**2
        expected += [math.exp(-2 * (math.pi * n / 16) ** 2 * variance) for n in range(1, 9)]
    found = code_of(Degradation(kernel, scale, noise=0.025))
    assert found.shape == (CODE,) and found.dtype == torch.float32
    np.testing.assert_allclose(found[:-1], expected, atol=2e-3)
    assert float(found[-1]) == pytest.approx(0.5)  # the root of a quarter of 0.1


def test_the_code_of_a_shake_is_its_fourier_transforms_amplitude() -> None:
    kernel = shake_kernel(torch.Generator().manual_seed(3), 21).numpy()
    y, x = np.mgrid[-10:11, -10:11]
    found = code_of(Degradation(kernel, 3))[:-1].reshape(4, 8)
    for way, angle in enumerate(np.radians([0, 45, 90, 135])):
        for step in range(8):
            turns = (step + 1) / 16 / 3 * (x * np.cos(angle) + y * np.sin(angle))
            assert abs((kernel * np.exp(2j * np.pi * turns)).sum()) == pytest.approx(float(found[way, step]), abs=1e-6)


def test_size_and_place_of_a_kernel_do_not_matter() -> None:
    kernel = gaussian_kernel(2.0, 1.0, 0.3, 15)
    code = code_of(Degradation(kernel, 2))
    padded = torch.nn.functional.pad(kernel, (5,) * 4)
    torch.testing.assert_close(code_of(Degradation(padded, 2)), code)
    torch.testing.assert_close(code_of(Degradation(padded.roll((2, -3), (0, 1)), 2)), code)
    torch.testing.assert_close(code_of(Degradation(delta_kernel(7), 2)), torch.tensor([1.0] * 32 + [0.0]))
    bicubic = code_of(Degradation(kernel, 2, "bicubic"))
    torch.testing.assert_close(bicubic, code_of(Degradation(effective_kernel(kernel, 2), 2)))
    assert float(bicubic[7]) < 0.5 * float(code[7])


def test_kernels_and_noises_of_their_own_are_told_by_their_mean() -> None:
    kernels = torch.stack([gaussian_kernel(1.0, 1.0, 0.0), gaussian_kernel(3.0, 1.0, 0.2)])
    noises = torch.tensor([0.0, 0.1], dtype=torch.float64)
    both = [code_of(Degradation(kernel, 2, noise=float(n))) for kernel, n in zip(kernels, noises, strict=True)]
    torch.testing.assert_close(code_of(Degradation(kernels, 2, noise=noises)), torch.stack(both).mean(0))


def test_patches_lie_evenly_from_border_to_border() -> None:
    image = torch.arange(70.0)[:, None] * 1000 + torch.arange(200.0)
    cut = patches_of(image[None, None])
    assert cut.shape == (3 * 4, 1, 32, 32)
    places = [(float(patch[0, 0, 0]) // 1000, float(patch[0, 0, 0]) % 1000) for patch in cut]
    assert places == [(row, column) for row in (0, 19, 38) for column in (0, 56, 112, 168)]
    assert patches_of(torch.zeros(2, 3, 24, 30)).shape == (2, 3, 24, 30)


def test_a_vector_is_of_the_task_alone(embedding: TaskEmbedding) -> None:
    images = torch.rand(3, 3, 40, 90)
    with torch.no_grad():
        vector = embedding.of(images, DEGRADATION)
        assert vector.shape == (32,) and vector.dtype == torch.float32
        assert float(vector.norm()) == pytest.approx(1, abs=1e-6)
        assert torch.equal(vector, embedding.of(images, DEGRADATION))
        for same in (images.double(), images.flip(0), images.repeat(2, 1, 1, 1)):
            torch.testing.assert_close(embedding.of(same, DEGRADATION), vector, atol=1e-5, rtol=0)
        tensor = DEGRADATION.with_noise(torch.tensor(0.03, dtype=torch.float64))
        torch.testing.assert_close(embedding.of(images, tensor), vector, atol=1e-6, rtol=0)
        noisier, sharper = DEGRADATION.with_noise(0.06), Degradation(delta_kernel(), 2, noise=0.03)
        for other in (noisier, sharper):
            assert float((embedding.of(images, other) - vector).norm()) > 0.02
        assert float((embedding.of(0.3 * images, DEGRADATION) - vector).norm()) > 0.02


@pytest.mark.parametrize("size", [(24, 24), (33, 400), (700, 25)])
def test_grey_images_and_images_of_many_bands_are_seen(embedding: TaskEmbedding, size: tuple[int, int]) -> None:
    bands = torch.rand(1, 5, *size)
    grey = bands.mean(1, keepdim=True)
    with torch.no_grad():
        vectors = [embedding.of(image, DEGRADATION) for image in (grey, grey.expand(-1, 3, -1, -1), bands)]
    for vector in vectors[1:]:
        torch.testing.assert_close(vector, vectors[0], atol=1e-5, rtol=0)


def test_training_sees_what_a_test_sees(embedding: TaskEmbedding) -> None:
    """`forward` on packed views against `of` on the same images, one task after the other."""
    tasks = [
        [(torch.rand(4, 3, 32, 32), Degradation(gaussian_kernel(1.0 + v, 0.5, 0.1 * b), 2, noise=0.01 * v)) for v in range(3)]
        for b in range(2)
    ]  # fmt: skip
    views = torch.stack([torch.stack([packed(images, code_of(d)) for images, d in item]) for item in tasks])
    assert views.shape == (2, 3, 4, 3 + CODE, 32, 32)
    with torch.no_grad():
        found = embedding(views)
        expected = torch.stack([torch.stack([embedding.of(images, d) for images, d in item]) for item in tasks])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_it_is_small_and_says_how_it_was_made() -> None:
    assert sum(p.numel() for p in TaskEmbedding().parameters()) < 60_000
    other = TaskEmbedding(num_in_ch=1, num_feat=4, size=7)
    assert other.arguments == {"num_in_ch": 1, "num_feat": 4, "size": 7}
    assert other.of(torch.rand(2, 3, 30, 30), DEGRADATION).shape == (7,)


def test_the_nearest_centre_has_the_largest_cosine(embedding: TaskEmbedding) -> None:
    clusters = Clusters(torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, -1.0]]), embedding)
    angles = {0.2: 0, 0.4: 0, 0.5: 1, 2.0: 1, 2.7: 1, 3.0: 2, -0.7: 0, -0.8: 2}  # centres at 0, 0.93 and -1.57 rad
    for angle, number in angles.items():
        vector = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
        assert clusters.nearest(vector) == number, angle
