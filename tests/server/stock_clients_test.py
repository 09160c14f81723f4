"""Drives moevit-server, the program, with clients that others wrote.

Triton's Python client for the Open Inference Protocol, and gRPC's own clients
for health checks and reflection. Started by stock_clients_test.sh.
"""

import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import tempfile
import unittest
import urllib.request
import zlib

import grpc
import numpy as np
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase)
import tritonclient.grpc as triton
import tritonclient.http as triton_http

from running_server import TIMEOUT_S, RunningServer, run_server

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRITE_TEST_MODEL = os.environ["MOEVIT_WRITE_TEST_MODEL"]
IMAGE_SIZE = 12
CLASSES = 7


def png(pixels):
    """The bytes of a PNG file with `pixels`, [height, width, 3] uint8."""
    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I",
                                                                        crc)
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def random_pixels(images):
    shape = (images, IMAGE_SIZE, IMAGE_SIZE, 3)
    return np.random.default_rng(seed=1).integers(0, 256, shape, np.uint8)


def write_repository(root):
    """Makes a repository with version 1 of the model "random"."""
    model = pathlib.Path(root, "random")
    model.mkdir()
    subprocess.run([WRITE_TEST_MODEL, model / "1"], check=True,
                   timeout=TIMEOUT_S)


class ServerTestCase(unittest.TestCase):
    """Tests that share one server."""

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        write_repository(directory.name)
        cls.server = RunningServer(directory.name, "--max_queue_delay=0")
        cls.addClassCleanup(cls.server.stop)


class TritonClientTest(ServerTestCase):
    def setUp(self):
        self.client = triton.InferenceServerClient(self.server.target)
        self.addCleanup(self.client.close)

    def infer_pixels(self, pixels, **kwargs):
        tensor = triton.InferInput("pixels", pixels.shape, "UINT8")
        tensor.set_data_from_numpy(pixels)
        return self.client.infer("random", [tensor], client_timeout=TIMEOUT_S,
                                 **kwargs)

    def infer_files(self, files, **kwargs):
        tensor = triton.InferInput("image", [len(files)], "BYTES")
        tensor.set_data_from_numpy(np.array(files, dtype=np.object_))
        return self.client.infer("random", [tensor], client_timeout=TIMEOUT_S,
                                 **kwargs)

    def refused(self, code, text, call, *args, **kwargs):
        with self.assertRaisesRegex(triton.InferenceServerException,
                                    text) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.status(), f"StatusCode.{code}")

    def test_server_and_model_are_ready(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("random"))
        self.assertTrue(self.client.is_model_ready("random", "1"))
        self.assertFalse(self.client.is_model_ready("random", "2"))

    def test_metadata(self):
        server = self.client.get_server_metadata()
        self.assertEqual(server.name, "moevit")
        self.assertIn("statistics", server.extensions)
        model = self.client.get_model_metadata("random")
        self.assertEqual([i.name for i in model.inputs], ["image", "pixels"])
        self.assertEqual(list(model.inputs[1].shape),
                         [-1, IMAGE_SIZE, IMAGE_SIZE, 3])
        self.assertEqual(list(model.outputs[0].shape), [-1, CLASSES])

    def test_config(self):
        config = self.client.get_model_config("random").config
        self.assertEqual(config.name, "random")
        self.assertGreater(config.max_batch_size, 1)
        self.assertEqual(list(config.output[0].dims), [CLASSES])
        self.assertTrue(config.HasField("dynamic_batching"))

    def test_pixels_give_probabilities(self):
        scores = self.infer_pixels(random_pixels(3)).as_numpy("scores")
        self.assertEqual(scores.shape, (3, CLASSES))
        self.assertEqual(scores.dtype, np.float32)
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)

    def test_answers_do_not_depend_on_the_batch(self):
        pixels = random_pixels(5)
        together = self.infer_pixels(pixels).as_numpy("scores")
        for i in range(5):
            alone = self.infer_pixels(pixels[i:i + 1]).as_numpy("scores")
            np.testing.assert_array_equal(alone[0], together[i])

    def test_files_give_the_same_as_their_pixels(self):
        pixels = random_pixels(2)
        files = self.infer_files([png(image) for image in pixels])
        np.testing.assert_array_equal(
            files.as_numpy("scores"),
            self.infer_pixels(pixels).as_numpy("scores"))

    def test_classification(self):
        pixels = random_pixels(2)
        scores = self.infer_pixels(pixels).as_numpy("scores")
        output = triton.InferRequestedOutput("scores", class_count=3)
        classes = self.infer_pixels(pixels, outputs=[output])
        classes = classes.as_numpy("scores")
        self.assertEqual(classes.shape, (2, 3))
        for image in range(2):
            score, index, label = classes[image][0].decode().split(":")
            self.assertEqual(int(index), int(scores[image].argmax()))
            self.assertEqual(label, f"class {index}")
            self.assertAlmostEqual(float(score), scores[image].max(), 5)

    def test_statistics(self):
        def count():
            stats = self.client.get_inference_statistics("random")
            return stats.model_stats[0]
        before = count()
        self.infer_pixels(random_pixels(4))
        after = count()
        self.assertEqual(after.inference_count - before.inference_count, 4)
        self.assertEqual(after.inference_stats.success.count -
                         before.inference_stats.success.count, 1)
        self.assertGreater(after.inference_stats.compute_infer.ns,
                           before.inference_stats.compute_infer.ns)

    def test_request_ids_come_back(self):
        result = self.infer_pixels(random_pixels(1), request_id="seven")
        self.assertEqual(result.get_response().id, "seven")

    def test_unknown_models_and_versions(self):
        self.refused("NOT_FOUND", "fish", self.client.get_model_metadata,
                     "fish")
        self.refused("NOT_FOUND", "version 2", self.infer_pixels,
                     random_pixels(1), model_version="2")
        self.refused("INVALID_ARGUMENT", "newest", self.infer_pixels,
                     random_pixels(1), model_version="newest")

    def test_wrong_shapes(self):
        wrong = np.zeros((1, IMAGE_SIZE, IMAGE_SIZE + 1, 3), np.uint8)
        self.refused("INVALID_ARGUMENT", r"\[images, 12, 12, 3\]",
                     self.infer_pixels, wrong)

    def test_bad_files(self):
        good = png(random_pixels(1)[0])
        # A header that claims 65535 x 65535 pixels, its checksum right.
        header = struct.pack(">IIBBBBB", 65535, 65535, 8, 2, 0, 0, 0)
        crc = struct.pack(">I", zlib.crc32(b"IHDR" + header))
        huge = good[:16] + header + crc + good[33:]
        for file in (b"", b"not an image", good[:len(good) // 2], huge):
            self.refused("INVALID_ARGUMENT", "image 1", self.infer_files,
                         [good, file])
        self.assertTrue(self.client.is_server_ready())

    def test_too_many_images(self):
        limit = self.client.get_model_config("random").config.max_batch_size
        self.refused("RESOURCE_EXHAUSTED", f"the limit is {limit}",
                     self.infer_pixels, random_pixels(limit + 1))

    def test_calls_that_are_not_served(self):
        self.refused("UNIMPLEMENTED", "",
                     self.client.get_system_shared_memory_status)

    def test_models_are_listed_but_not_controlled_by_default(self):
        index = self.client.get_model_repository_index()
        self.assertEqual([(m.name, m.version, m.state) for m in index.models],
                         [("random", "1", "READY")])
        self.refused("FAILED_PRECONDITION", "explicit",
                     self.client.unload_model, "random")


class ModelControlTest(unittest.TestCase):
    def test_models_are_loaded_and_unloaded(self):
        with tempfile.TemporaryDirectory() as directory:
            write_repository(directory)
            server = RunningServer(directory, "--model_control=explicit")
            self.addCleanup(server.stop)
            with triton.InferenceServerClient(server.target) as client:
                self.assertFalse(client.is_model_ready("random"))
                client.load_model("random")
                self.assertTrue(client.is_model_ready("random"))
                client.unload_model("random")
                self.assertFalse(client.is_model_ready("random"))
            with triton_http.InferenceServerClient(
                    server.rest_target, network_timeout=TIMEOUT_S) as client:
                client.load_model("random")
                self.assertEqual(
                    [(m["name"], m["version"], m["state"])
                     for m in client.get_model_repository_index()],
                    [("random", "1", "READY")])
                client.unload_model("random")
                self.assertNotEqual(
                    client.get_model_repository_index()[0]["state"], "READY")


class TritonHttpClientTest(ServerTestCase):
    def setUp(self):
        self.client = triton_http.InferenceServerClient(
            self.server.rest_target, network_timeout=TIMEOUT_S)
        self.addCleanup(self.client.close)

    def infer_pixels(self, pixels, binary=True, **kwargs):
        tensor = triton_http.InferInput("pixels", pixels.shape, "UINT8")
        tensor.set_data_from_numpy(pixels, binary_data=binary)
        output = triton_http.InferRequestedOutput("scores", binary_data=binary)
        kwargs.setdefault("outputs", [output])
        return self.client.infer("random", [tensor], **kwargs)

    def test_server_and_model_are_ready(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("random", "1"))
        self.assertFalse(self.client.is_model_ready("random", "2"))

    def test_metadata_config_and_statistics(self):
        self.assertEqual(self.client.get_server_metadata()["name"], "moevit")
        model = self.client.get_model_metadata("random")
        self.assertEqual(model["inputs"][1]["shape"],
                         [-1, IMAGE_SIZE, IMAGE_SIZE, 3])
        self.assertGreater(
            self.client.get_model_config("random")["max_batch_size"], 1)
        stats = self.client.get_inference_statistics("random")
        self.assertEqual(stats["model_stats"][0]["name"], "random")

    def test_answers_are_those_over_grpc(self):
        pixels = random_pixels(3)
        grpc_client = triton.InferenceServerClient(self.server.target)
        self.addCleanup(grpc_client.close)
        tensor = triton.InferInput("pixels", pixels.shape, "UINT8")
        tensor.set_data_from_numpy(pixels)
        expected = grpc_client.infer("random", [tensor]).as_numpy("scores")
        for binary in (True, False):
            scores = self.infer_pixels(pixels, binary).as_numpy("scores")
            np.testing.assert_array_equal(scores, expected)

    def test_files_and_classes(self):
        files = np.array([png(random_pixels(1)[0])], dtype=np.object_)
        tensor = triton_http.InferInput("image", [1], "BYTES")
        tensor.set_data_from_numpy(files)
        output = triton_http.InferRequestedOutput("scores", class_count=3)
        classes = self.client.infer("random", [tensor], outputs=[output],
                                    request_id="seven")
        self.assertEqual(classes.get_response()["id"], "seven")
        self.assertEqual(classes.as_numpy("scores").shape, (1, 3))

    def test_errors(self):
        with self.assertRaisesRegex(triton_http.InferenceServerException,
                                    "fish"):
            self.client.get_model_metadata("fish")
        wrong = np.zeros((1, IMAGE_SIZE, IMAGE_SIZE + 1, 3), np.uint8)
        with self.assertRaisesRegex(triton_http.InferenceServerException,
                                    r"\[images, 12, 12, 3\]"):
            self.infer_pixels(wrong)

    def test_a_plain_image(self):
        request = urllib.request.Request(
            f"http://{self.server.rest_target}/v2/models/random/classify"
            "?top_k=2", data=png(random_pixels(1)[0]), method="POST")
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            self.assertEqual(len(json.load(answer)["classes"]), 2)


class BalancingTest(unittest.TestCase):
    def start_server(self, directory):
        server = RunningServer(directory, "--max_queue_delay=0")
        self.addCleanup(server.stop)
        return server

    def connect(self, address, **kwargs):
        client = triton.InferenceServerClient(address, **kwargs)
        self.addCleanup(client.close)
        return client

    def answered(self, client):
        statistics = client.get_inference_statistics("random").model_stats[0]
        return statistics.inference_stats.success.count

    def test_clients_share_their_calls_out_as_documented(self):
        text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
        config = re.search(r'"grpc\.service_config",\s+\'(.*)\'', text)[1]
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        write_repository(directory.name)
        servers = [self.start_server(directory.name) for _ in range(2)]
        client = self.connect(
            "ipv4:" + ",".join(server.target for server in servers),
            channel_args=[("grpc.service_config", config)])
        observers = [self.connect(server.target) for server in servers]
        pixels = random_pixels(1)
        tensor = triton.InferInput("pixels", pixels.shape, "UINT8")
        tensor.set_data_from_numpy(pixels)
        # The first calls may find one of the servers connected only.
        for _ in range(300):
            client.infer("random", [tensor], client_timeout=TIMEOUT_S)
            if all(self.answered(observer) for observer in observers):
                return
        self.fail("one server has all calls")


class GrpcClientTest(ServerTestCase):
    def setUp(self):
        self.channel = grpc.insecure_channel(self.server.target)
        self.addCleanup(self.channel.close)

    def test_health(self):
        stub = health_pb2_grpc.HealthStub(self.channel)
        for service in ("", "random", "moevit.v1.InferenceService"):
            request = health_pb2.HealthCheckRequest(service=service)
            watch = stub.Watch(request, timeout=TIMEOUT_S)
            for answer in (stub.Check(request, timeout=TIMEOUT_S),
                           next(watch)):
                self.assertEqual(answer.status,
                                 health_pb2.HealthCheckResponse.SERVING)
            watch.cancel()

    def test_reflection(self):
        database = ProtoReflectionDescriptorDatabase(self.channel)
        self.assertLessEqual(
            {"moevit.v1.InferenceService", "inference.GRPCInferenceService",
             "grpc.health.v1.Health"}, set(database.get_services()))
        file = database.FindFileContainingSymbol("moevit.v1.ClassifyRequest")
        self.assertEqual(file.package, "moevit.v1")

    def test_metrics(self):
        address = f"http://127.0.0.1:{self.server.metrics_port}/metrics"
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as page:
            text = page.read().decode()
        self.assertIn('moevit_model_ready{model="random",version="1"} 1', text)
        self.assertRegex(text, r'moevit_build_info\{.*version="\d+\.\d+')


class ProgramTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.repository = directory.name
        write_repository(self.repository)

    def test_signals_end_it_cleanly(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.assertEqual(RunningServer(self.repository).stop(number), 0)

    def test_a_port_in_use(self):
        first = RunningServer(self.repository)
        self.addCleanup(first.stop)
        second = run_server(f"--model_repository={self.repository}",
                            "--host=127.0.0.1", f"--port={first.port}",
                            "--metrics_port=0")
        self.assertEqual(second.returncode, 1)
        self.assertIn(first.target, second.stderr)

    def test_a_missing_repository(self):
        missing = self.repository + "/missing"
        result = run_server(f"--model_repository={missing}")
        self.assertEqual(result.returncode, 1)
        self.assertIn(missing, result.stderr)

    def test_a_damaged_model(self):
        weights = pathlib.Path(self.repository, "random", "1",
                               "weights.safetensors")
        weights.write_bytes(weights.read_bytes()[:-1])
        result = run_server(f"--model_repository={self.repository}")
        self.assertEqual(result.returncode, 1)
        self.assertIn("version 1 of model 'random'", result.stderr)
        self.assertIn("weights.safetensors", result.stderr)

    def test_a_wrong_command_line(self):
        for flags in ([], ["models"], ["--model_repository=x", "--port=-1"]):
            result = run_server(*flags)
            self.assertEqual(result.returncode, 2, flags)
            self.assertTrue(result.stderr.startswith("moevit-server: "), flags)

    def test_help_names_every_flag_with_its_default(self):
        text = run_server("--help").stdout
        for flag in ("model_repository", "port", "max_queue_images",
                     "drain_grace"):
            self.assertIn(f"--{flag} (", text)
        self.assertIn("default: 8001", text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
