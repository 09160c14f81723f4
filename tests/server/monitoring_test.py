#!/usr/bin/env python3
"""Holds a running server to what its operators are told.

- docs/operations.md lists each metric, and nothing that is none.
- promtool has nothing to say against /metrics, the alert rules and their tests.
- A browser shows the status page, whose policy forbids nothing of it, and its
  rates are right when a version is replaced.
- Prometheus, scraping the server, has data for every panel of the dashboard,
  for the autoscaler and for the queries of docs/operations.md, and misses
  nothing that happened while it was down.

Usage: MOEVIT_SERVER=... MOEVIT_CLIENT=... monitoring_test.py

What needs promtool, prometheus or chromium is skipped where it is not
installed.
"""

import json
import math
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

from running_server import TIMEOUT_S, RunningServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT = os.environ["MOEVIT_CLIENT"]
# By the end of a name without "_total".
UNITS = {"seconds": "s", "bytes": "bytes", "joules": "J", "watts": "W",
         "images": "images", "ratio": "ratio", "tokens": "tokens",
         "rows": "rows"}
# What stands for Grafana's variables.
VARIABLES = {"$__rate_interval": "5s", "$__range": "10s", "$instance": ".*",
             "$model": ".*", "$device": ".*"}
# A formula stands in for the sensors that a virtual machine does not have.
SERVER_FLAGS = ("--devices=cpu", "--energy_model=cpu=10:50")


# Whatever proxy the environment names is none of this test's business.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url):
    with OPENER.open(url, timeout=TIMEOUT_S) as answer:
        return answer.read().decode()


def await_value(get_value, patience_s=25):
    """What get_value() returns once that is true, or at the end of patience."""
    deadline = time.monotonic() + patience_s
    while not (value := get_value()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return value


def documented_metrics():
    """{name: (type, unit, labels)} from the table in docs/operations.md."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    section = text.split("\n## Metrics\n")[1].split("\n## ")[0]
    metrics = {}
    for row in re.findall(r"^\| `(moevit_\w+)` (.*) \|$", section, re.M):
        kind, unit, labels, meaning = (
            cell.strip() for cell in row[1].strip(" |").split("|"))
        assert meaning, row[0]
        metrics[row[0]] = (kind, unit, frozenset(re.findall(r"\w+", labels)))
    return metrics


def scraped_metrics(text):
    """{name: (type, labels)} of a page of metrics that has values."""
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
    metrics = {}
    for name, labels in re.findall(r"^(\w+?)(?:\{(.*)\})? \S+$", text, re.M):
        if name not in types:
            name = re.sub(r"_(bucket|sum|count)$", "", name)
        names = set(re.findall(r'(\w+)="', labels)) - {"le"}
        metrics.setdefault(name, (types[name], frozenset(names)))
    return metrics


def dashboard_queries():
    """(panel, query) for each query of the dashboard, variables filled in."""
    dashboard = json.loads(
        (ROOT / "deploy/grafana/moevit.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"]
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            yield panel["title"], query


def autoscaler_query():
    """What the autoscaler's adapter asks, for the only server there is."""
    text = (ROOT / "deploy/helm/prometheus-adapter.yaml").read_text(
        encoding="utf-8")
    query = " ".join(text.split("metricsQuery: >-")[1].split())
    return query.replace("<<.LabelMatchers>>", 'job="moevit"').replace(
        "<<.GroupBy>>", "instance").replace("[1m]", "[5s]")


def documented_queries():
    """What docs/operations.md says gives joules per image, by its sensor or by
    the one that there is here."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    block = text.split("joules per image, without and with idle")[1]
    for query in block.split("```")[1].strip().split("\n\n"):
        yield "documented", query.replace("[5m]", "[5s]").replace(
            '"rapl"', '"model"')


class Prometheus:
    """Debian's Prometheus, scraping one server."""

    def __init__(self, directory, metrics_port):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        config = pathlib.Path(directory, "prometheus.yaml")
        config.write_text(json.dumps({
            "global": {"scrape_interval": "500ms", "scrape_timeout": "400ms"},
            "rule_files": [str(ROOT / "deploy/prometheus/alerts.yaml")],
            "scrape_configs": [{"job_name": "moevit", "static_configs": [
                {"targets": [f"127.0.0.1:{metrics_port}"]}]}]}))
        self._log = open(pathlib.Path(directory, "log"), "w+")
        self._process = subprocess.Popen(
            ["prometheus", f"--config.file={config}",
             f"--storage.tsdb.path={directory}/data",
             f"--web.listen-address={address}"],
            stdout=self._log, stderr=subprocess.STDOUT)
        self._url = f"http://{address}"

    def ready(self):
        if self._process.poll() is not None:
            self._log.seek(0)
            raise RuntimeError(self._log.read())
        try:
            return get(self._url + "/-/ready")
        except OSError:
            return None

    def values(self, query):
        """The values of the query that are numbers."""
        answer = json.loads(get(self._url + "/api/v1/query?" +
                                urllib.parse.urlencode({"query": query})))
        values = [float(series["value"][1])
                  for series in answer["data"]["result"]]
        return [value for value in values if not math.isnan(value)]

    def stop(self):
        self._process.terminate()
        self._process.wait(TIMEOUT_S)
        self._log.close()


class MonitoringTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = RunningServer(ROOT / "models", *SERVER_FLAGS)
        cls.addClassCleanup(cls.server.stop)
        cls.page = f"http://127.0.0.1:{cls.server.metrics_port}"
        cls.load = subprocess.Popen(
            [CLIENT, "load", f"--server={cls.server.target}", "--closed",
             "--concurrency=2", "--warmup=0s", "--duration=10m",
             ROOT / "deploy/samples"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.load.wait, TIMEOUT_S)
        cls.addClassCleanup(cls.load.kill)

    def test_every_metric_is_documented_and_every_documented_one_exists(self):
        documented = documented_metrics()

        def missing():
            return set(documented) - set(
                scraped_metrics(get(self.page + "/metrics")))

        await_value(lambda: not missing())
        self.assertEqual(missing(), set())
        for name, (kind, labels) in scraped_metrics(
                get(self.page + "/metrics")).items():
            with self.subTest(name):
                self.assertIn(name, documented)
                self.assertEqual((kind, labels),
                                 (documented[name][0], documented[name][2]))

    def test_units_are_what_names_say(self):
        for name, (_, unit, _) in documented_metrics().items():
            with self.subTest(name):
                last = name.removesuffix("_total").rsplit("_", 1)[1]
                self.assertEqual(unit, UNITS.get(last, ""))

    def test_the_status_page_shows_what_the_document_says(self):
        document = json.loads(get(self.page + "/status.json"))
        self.assertEqual([d["name"] for d in document["devices"]], ["cpu"])
        html = get(self.page + "/")
        self.assertIn("status.json", html)
        self.assertNotRegex(html, r"""(src|href)=|https?://""")

    def test_a_browser_shows_the_status_page(self):
        result = self.browse(self.page + "/")
        self.assertRegex(result.stdout, r'<span id="state"[^>]*>serving</span>')
        self.assertRegex(result.stdout, r"<dt>Images/s</dt><dd>[\d.,]+</dd>")
        self.assertRegex(result.stdout, r'<th scope="row">cpu</th>')
        self.assertIn('<table class="heat">', result.stdout)
        self.assertNotIn("CONSOLE", result.stderr)

    def test_a_version_that_is_replaced_counts_anew_on_the_page(self):
        before = json.loads(get(self.page + "/status.json"))
        before["uptime_s"] = 10
        model = before["models"][0]
        before["models"] = [{**model, "name": "replaced", "images": 1000},
                            {**model, "name": "stays", "images": 100}]
        after = {**before, "uptime_s": 12, "models": [
            {**model, "name": "replaced", "images": 5},
            {**model, "name": "stays", "images": 120}]}
        answers = f"""<script>
            const answers = {json.dumps([before, after])};
            window.fetch = async () => ({{
              ok: true,
              json: async () => answers.length > 1 ? answers.shift()
                                                   : answers[0],
            }});
            </script>"""
        page = pathlib.Path(self.make_directory(), "page.html")
        page.write_text(get(self.page + "/").replace(
            "<script>", answers + "<script>"), encoding="utf-8")
        result = self.browse(page.as_uri())
        self.assertIn("<dt>Images/s</dt><dd>10</dd>", result.stdout)

    def browse(self, url):
        """What Chromium makes of a page in six seconds."""
        if shutil.which("chromium") is None:
            self.skipTest("chromium is not installed")
        return subprocess.run(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
             "--no-proxy-server", "--enable-logging=stderr",
             f"--user-data-dir={self.make_directory()}",
             "--virtual-time-budget=6000", "--dump-dom", url],
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False)

    def test_promtool_accepts_the_metrics(self):
        self.promtool("check", "metrics", text=get(self.page + "/metrics"))

    def test_promtool_accepts_the_alerts_and_their_tests_pass(self):
        alerts = ROOT / "deploy/prometheus"
        self.promtool("check", "rules", alerts / "alerts.yaml")
        self.promtool("test", "rules", alerts / "alerts_test.yaml")

    def test_alerts_ask_for_metrics_that_exist(self):
        text = (ROOT / "deploy/prometheus/alerts.yaml").read_text()
        names = {re.sub(r"_(bucket|sum|count)$", "", name)
                 for name in re.findall(r"moevit_\w+", text)}
        self.assertEqual(names - set(documented_metrics()), set())

    def test_every_query_has_data(self):
        prometheus = self.start_prometheus(self.make_directory())
        empty = [*dashboard_queries(), *documented_queries(),
                 ("autoscaler", autoscaler_query())]
        self.assertGreater(len(empty), 20)

        def all_have_data():
            empty[:] = [(panel, query) for panel, query in empty
                        if not prometheus.values(query)]
            return not empty

        await_value(all_have_data)
        self.assertEqual(empty, [])

    def test_counters_go_on_while_prometheus_is_down(self):
        query = 'sum(moevit_images_total{code="OK"})'
        directory = self.make_directory()
        prometheus = self.start_prometheus(directory)
        self.assertTrue(await_value(lambda: prometheus.values(query)))
        prometheus.stop()
        seen = self.images()
        self.assertTrue(await_value(lambda: self.images() > seen))
        missed = self.images()
        prometheus = self.start_prometheus(directory)
        self.assertTrue(await_value(
            lambda: max(prometheus.values(query), default=0) >= missed))

    def images(self):
        """How many images the server has answered."""
        document = json.loads(get(self.page + "/status.json"))
        return sum(model["images"] for model in document["models"])

    def make_directory(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        return directory.name

    def start_prometheus(self, directory):
        if shutil.which("prometheus") is None:
            self.skipTest("prometheus is not installed")
        prometheus = Prometheus(directory, self.server.metrics_port)
        self.addCleanup(prometheus.stop)
        self.assertTrue(await_value(prometheus.ready),
                        "prometheus is not ready")
        return prometheus

    def promtool(self, *arguments, text=None):
        if shutil.which("promtool") is None:
            self.skipTest("promtool is not installed")
        result = subprocess.run(["promtool", *arguments], input=text, text=True,
                                capture_output=True, timeout=TIMEOUT_S,
                                check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
