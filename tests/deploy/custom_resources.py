#!/usr/bin/env python3
"""Holds custom resources of Kubernetes to the schemas of their definitions.

Usage: custom_resources.py --definition=FILE... FILE...

Needs PyYAML and jsonschema. Documents of kinds that no definition defines are
passed over, but at least one has to be checked.
"""

import argparse
import pathlib
import sys

import jsonschema
import yaml


def documents(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    return [document for document in yaml.safe_load_all(text) if document]


def strict(schema):
    """The schema without room for what it does not name: Kubernetes drops that
    without a word."""
    schema = dict(schema)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            schema[key] = strict(schema[key])
    if "properties" in schema:
        schema["properties"] = {name: strict(property) for name, property
                                in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    return schema


def schemas(definitions):
    """{(apiVersion, kind): schema} of the definitions in files."""
    found = {}
    for path in definitions:
        for definition in documents(path):
            spec = definition["spec"]
            for version in spec["versions"]:
                name = spec["group"] + "/" + version["name"]
                found[name, spec["names"]["kind"]] = strict(
                    version["schema"]["openAPIV3Schema"])
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--definition", action="append", required=True)
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    known = schemas(arguments.definition)
    checked = 0
    errors = []
    for path in arguments.files:
        for document in documents(path):
            schema = known.get((document["apiVersion"], document["kind"]))
            if schema is None:
                continue
            checked += 1
            # OpenAPI 3.0 is of the age of this draft.
            for error in jsonschema.Draft4Validator(schema).iter_errors(
                    document):
                place = "/".join(str(part) for part in error.absolute_path)
                errors.append(f"{path}: {document['kind']}: {place}: "
                              f"{error.message}")
    if checked == 0:
        errors.append("none of these is defined")
    sys.exit("\n".join(errors) or 0)


if __name__ == "__main__":
    main()
