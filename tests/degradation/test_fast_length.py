"""Fast lengths are SciPy's choice, so that the results of a transform keep every bit."""

import scipy.fft

from mzsr_basicsr.degradation.fast_length import fast_length


def test_they_are_those_of_scipy():
    lengths = [*range(1, 5001), 2**16 + 1, 7**6 + 1, 11**5 - 1, 99_991]
    assert [fast_length(n) for n in lengths] == [scipy.fft.next_fast_len(n) for n in lengths]
