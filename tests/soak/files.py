"""The files of a server under test: models, certificates, tokens, settings."""

import hashlib
import json
import pathlib
import secrets
import shutil
import struct
import subprocess

STEADY = "steady"  # one version, always there
CHANGING = "changing"  # versions come and go, one is always there
FLEETING = "fleeting"  # loaded and unloaded


def _mirror_head(weights):
    """The weights with the classes in reverse order."""
    (header_bytes,) = struct.unpack_from("<Q", weights)
    start = 8 + header_bytes
    header = json.loads(weights[8:start])
    mirrored = bytearray(weights)
    for name, tensor in header.items():
        if not name.startswith("head.0."):
            continue
        begin, end = (start + offset for offset in tensor["data_offsets"])
        row = (end - begin) // tensor["shape"][0]
        rows = [weights[at : at + row] for at in range(begin, end, row)]
        mirrored[begin:end] = b"".join(reversed(rows))
    return bytes(mirrored)


class Models:
    """A repository whose versions of CHANGING alternate between two models."""

    def __init__(self, root, model):
        self.root = root
        self._plain = root.parent / "plain"
        self._mirrored = root.parent / "mirrored"
        shutil.copytree(model, self._plain)
        self._write_mirrored()
        self._version = 1
        for name in (STEADY, CHANGING, FLEETING):
            shutil.copytree(self._plain, root / name / "1")

    def _write_mirrored(self):
        shutil.copytree(self._plain, self._mirrored)
        file = self._mirrored / "weights.safetensors"
        file.write_bytes(_mirror_head(file.read_bytes()))
        manifest = self._mirrored / "manifest.json"
        described = json.loads(manifest.read_text())
        described["files"][file.name]["sha256"] = hashlib.sha256(
            file.read_bytes()
        ).hexdigest()
        manifest.write_text(json.dumps(described))

    def write_both(self, root):
        """Another repository, with both models as versions of CHANGING."""
        for version in (1, 2):
            place = root / CHANGING / str(version)
            shutil.copytree(self._source(version), place)

    def _source(self, version):
        return self._mirrored if self.is_mirrored(version) else self._plain

    @staticmethod
    def is_mirrored(version):
        return int(version) % 2 == 0

    def add_version(self):
        """Puts the next version beside the present one, whole at once."""
        self._version += 1
        place = self.root / CHANGING / str(self._version)
        copy = self.root.parent / f"copy-{self._version}"
        shutil.copytree(self._source(self._version), copy)
        copy.rename(place)

    def remove_old_versions(self):
        for place in (self.root / CHANGING).iterdir():
            if int(place.name) < self._version:
                shutil.rmtree(place)

    def add_half_written(self):
        """A next version that somebody is still copying."""
        place = self.root / CHANGING / str(self._version + 1)
        shutil.copytree(self._plain, place)
        weights = place / "weights.safetensors"
        content = weights.read_bytes()
        weights.write_bytes(content[: len(content) // 2])
        return place


class Certificates:
    """An authority, and the server's certificate and key, made anew at will."""

    def __init__(self, directory):
        self._directory = directory
        self.authority = directory / "authority.crt"
        self._authority_key = directory / "authority.key"
        self.certificate = directory / "tls.crt"
        self.key = directory / "tls.key"
        self._openssl(
            "req -x509 -nodes -days 30 -newkey ec "
            "-pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=soak-authority "
            f"-keyout {self._authority_key} -out {self.authority}"
        )
        self.rotate()

    @staticmethod
    def _openssl(command):
        subprocess.run(
            ["openssl", *command.split()],
            check=True,
            capture_output=True,
            timeout=60,
        )

    def rotate(self):
        """Replaces key and certificate, one after the other."""
        new = self._directory / "new"
        new.mkdir()
        names = new / "names"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self._openssl(
            "req -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
            f"-subj /CN=localhost -keyout {new}/tls.key -out {new}/request"
        )
        self.serial = secrets.randbits(64)
        self._openssl(
            f"x509 -req -days 30 -in {new}/request -CA {self.authority} "
            f"-CAkey {self._authority_key} -set_serial {self.serial} "
            f"-extfile {names} -out {new}/tls.crt"
        )
        (new / "tls.key").rename(self.key)
        (new / "tls.crt").rename(self.certificate)
        shutil.rmtree(new)


class Tokens:
    """One for each role; the file is what the server reads."""

    def __init__(self, file):
        self.infer, self.admin, self.metrics = (
            secrets.token_hex(16) for _ in range(3)
        )
        file.touch(mode=0o600)
        file.write_text(
            f"infer {self.infer}\n"
            f"infer,admin {self.admin}\n"
            f"metrics {self.metrics}\n"
        )
        self.file = file


class ServerFiles:
    """Everything that the server under test reads."""

    def __init__(self, directory, model):
        self.directory = pathlib.Path(directory)
        repository = self.directory / "models"
        repository.mkdir()
        self.models = Models(repository, model)
        self.certificates = Certificates(self.directory)
        self.tokens = Tokens(self.directory / "tokens")

    def write_config(self, devices, **limits):
        """The settings; `limits` are further numbers of ServerConfig."""
        text = {
            "model_repository": self.models.root,
            "model_control": "explicit",
            "version_policy": f"all;{CHANGING}=latest:1",
            "host": "127.0.0.1",
            "tls_certificate": self.certificates.certificate,
            "tls_key": self.certificates.key,
            "token_file": self.tokens.file,
            "card_verification": "twice",
            "card_timeout": "2s",
        }
        numbers = {"port": 0, "metrics_port": 0, "rest_port": 0, **limits}
        lines = [f'{name}: "{value}"' for name, value in text.items()]
        lines += [f"{name}: {value}" for name, value in numbers.items()]
        for name in (STEADY, CHANGING, FLEETING):
            lines.append(f'load_model: "{name}"')
        lines += [f'devices: "{device}"' for device in devices.split(",")]
        file = self.directory / "server.pbtxt"
        file.write_text("\n".join(lines) + "\n")
        return file
