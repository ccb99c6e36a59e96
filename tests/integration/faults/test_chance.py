"""Faults that chance combines, with a standby in the play."""

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from local.services.embedded_postgres import EmbeddedPostgres
from tests.fixtures.ably import LocalAbly
from tests.fixtures.faults import FATAL_FAULTS
from tests.fixtures.postgres import create_database
from tests.fixtures.rig import rigged
from tests.fixtures.samples import examples

FAULTS_AT_ONCE = st.lists(st.sampled_from(sorted(FATAL_FAULTS)), min_size=1, max_size=3)
SCENARIOS = st.lists(FAULTS_AT_ONCE, min_size=3, max_size=6)


@pytest.mark.timeout(240)
@settings(
    max_examples=examples(5, thorough=100),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(scenario=SCENARIOS, seed=st.integers(0, 2**32))
def test_whatever_goes_wrong_together_nothing_is_lost_doubled_or_reordered(
    mortal_postgres: EmbeddedPostgres, scenario: list[list[str]], seed: int
) -> None:
    ably = LocalAbly()
    ably.start()
    try:
        url = mortal_postgres.database_url(create_database(mortal_postgres))
        with rigged(mortal_postgres, url, ably, seed=seed) as rig:
            rig.start().until("leading")
            rig.start()
            with rig.load:
                for faults in scenario:
                    rig.arrivals_go_on()
                    for fault in faults:
                        FATAL_FAULTS[fault](rig)
                    rig.commits_go_on()
                    rig.heal()
                rig.arrivals_go_on()
            audit = rig.settle()
            note(f"{audit}\n{rig.last_log_lines()}")
            assert audit.is_clean
            assert audit.duplicates == 0
    finally:
        ably.close()
