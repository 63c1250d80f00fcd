"""Certificates of a made-up authority, by the openssl program: for a broker, and for those who connect."""

from pathlib import Path
import subprocess

_DAYS = "2"


class Authority:
    """Signs whatever is asked; its own certificate is `file`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self.file = folder / f"{name}.crt"
        self._key = folder / f"{name}.key"
        subject = ["-subj", f"/CN={name}", "-days", _DAYS]
        _openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self._key, "-out", self.file, *subject
        )

    def issue(self, name: str) -> tuple[Path, Path]:
        """Make a certificate for *name* at 127.0.0.1; give its file and that of its key (PKCS 8)."""
        request, certificate, key = (self._folder / f"{name}.{end}" for end in ("csr", "crt", "key"))
        _openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}"
        )
        names = self._folder / f"{name}.ext"
        names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        signer = ["-CA", self.file, "-CAkey", self._key, "-CAcreateserial"]
        _openssl(
            "x509", "-req", "-in", request, "-out", certificate, "-days", _DAYS, "-extfile", names, *signer
        )
        return certificate, key


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)
