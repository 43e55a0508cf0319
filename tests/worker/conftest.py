from __future__ import annotations

import pytest
from steps import Steps

from jitrepl.worker.engine import Engine


@pytest.fixture
def steps(engine: Engine) -> Steps:
    """A session of the test's own, in this process."""
    return Steps(engine)
