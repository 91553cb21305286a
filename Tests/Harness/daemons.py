"""The fixture of running collectors, for every test of whole programs."""

import pytest

from collector import Collector


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_of_{call.when}", outcome.get_result())


@pytest.fixture
def daemon(touchpoint, tmp_path, request):
    """Creates running collectors: daemon(), daemon(commit={"interval": "1s"}), daemon(start=False).

    Those still running at the end of a passed test must drain with exit code 0.
    """
    made = []

    def make(start=True, folder="collector", **settings):
        collector = Collector(touchpoint, tmp_path / folder, **settings)
        made.append(collector)
        return collector.start() if start else collector

    try:
        yield make
        report = getattr(request.node, "report_of_call", None)
        if report is not None and report.failed:
            for collector in made:
                print(collector.log)
        else:
            for collector in made:
                if collector.is_running:
                    collector.drain()
    finally:
        for collector in made:
            collector.remove()
