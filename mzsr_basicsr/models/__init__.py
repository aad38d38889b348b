"""BasicSR models: the meta-transfer step in training, the zero-shot test, and ZSSR.

BasicSR is imported first: it then has this package registered, which needs the modules of this room whole.
"""

import basicsr  # noqa: F401
