#!/usr/bin/env python3
"""Classifies one image with a stock client: pip install tritonclient[grpc]

Usage: classify.py HOST:PORT MODEL FILE
"""

import sys

import numpy
import tritonclient.grpc

server, model, file = sys.argv[1:]
with open(file, "rb") as stream:
    data = numpy.array([stream.read()], dtype=object)
image = tritonclient.grpc.InferInput("image", [1], "BYTES")
image.set_data_from_numpy(data)
scores = tritonclient.grpc.InferRequestedOutput("scores", class_count=3)
client = tritonclient.grpc.InferenceServerClient(server)
answer = client.infer(model, [image], outputs=[scores])
for entry in answer.as_numpy("scores").flatten():
    print(entry.decode())  # score:index:label
