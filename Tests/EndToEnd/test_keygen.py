"""Keys: touchpointctl keygen, CZMQ and pyzmq read each other's files, and touchpoint-send encrypts with them."""

import ctypes
import subprocess

import pytest
import zmq
import zmq.auth

from waiting import BOUND_SECONDS

ZERO = b"0" * 40


def run(program, *arguments, **options):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=BOUND_SECONDS, **options)


@pytest.fixture
def keygen(touchpoint, tmp_path):
    """Makes keys, and returns the path of the public file."""
    def make(name):
        done = run(touchpoint / "touchpointctl", "keygen", name, "--folder", tmp_path)
        assert done.returncode == 0, done.stderr
        return tmp_path / f"{name}.key"
    return make


@pytest.fixture(scope="session")
def czmq():
    try:
        library = ctypes.CDLL("libczmq.so.4")
    except OSError as error:
        pytest.fail(f"{error}: run 'make test', or install libczmq4")
    library.zcert_new.restype = ctypes.c_void_p
    library.zcert_load.restype = ctypes.c_void_p
    library.zcert_load.argtypes = [ctypes.c_char_p]
    library.zcert_set_meta.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    library.zcert_save.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    for name in ("zcert_public_txt", "zcert_secret_txt", "zcert_meta"):
        getattr(library, name).restype = ctypes.c_char_p
    library.zcert_public_txt.argtypes = library.zcert_secret_txt.argtypes = [ctypes.c_void_p]
    library.zcert_meta.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    return library


def key_in(path, which):
    line = next(line for line in path.read_text().splitlines() if line.strip().startswith(which))
    return line.split('"')[1].encode()


def test_czmq_reads_what_keygen_writes(keygen, czmq):
    public = keygen("web-shop")
    secret = public.with_name("web-shop.key_secret")
    loaded = czmq.zcert_load(str(public).encode())
    assert loaded
    assert czmq.zcert_public_txt(loaded) == key_in(public, "public-key")
    assert czmq.zcert_secret_txt(loaded) == key_in(secret, "secret-key") != ZERO
    assert czmq.zcert_meta(loaded, b"name") == b"web-shop"
    secret.unlink()
    assert czmq.zcert_secret_txt(czmq.zcert_load(str(public).encode())) == ZERO


def test_pyzmq_reads_what_keygen_writes(keygen):
    public = keygen("web-shop")
    secret = public.with_name("web-shop.key_secret")
    assert zmq.auth.load_certificate(public) == (key_in(public, "public-key"), None)
    assert zmq.auth.load_certificate(secret) == (key_in(public, "public-key"), key_in(secret, "secret-key"))


def made_by_czmq(czmq, folder):
    certificate = czmq.zcert_new()
    czmq.zcert_set_meta(certificate, b"name", b"shop")
    path = folder / "czmq.key"
    assert czmq.zcert_save(certificate, str(path).encode()) == 0
    return path, folder / "czmq.key_secret"


def made_by_pyzmq(_, folder):
    zmq.auth.create_certificates(folder, "pyzmq")
    secret = folder / "pyzmq.key_secret"
    # pyzmq leaves the mode to the umask.
    secret.chmod(0o600)
    return folder / "pyzmq.key", secret


@pytest.mark.parametrize("maker", [made_by_czmq, made_by_pyzmq])
def test_send_encrypts_with_certificates_of_others(touchpoint, czmq, tmp_path, keygen, maker):
    public, secret = maker(czmq, tmp_path)
    collector = keygen("collector")
    context = zmq.Context()
    server = context.socket(zmq.PULL)
    try:
        server.curve_server = True
        server.curve_secretkey = key_in(collector.with_name("collector.key_secret"), "secret-key")
        server.rcvtimeo = int(BOUND_SECONDS * 1000)
        port = server.bind_to_random_port("tcp://127.0.0.1")
        sent = run(
            touchpoint / "touchpoint-send", "--to", f"tcp://127.0.0.1:{port}", "--curve", collector,
            "--curve-key", secret, input='{"event":"viewed"}\n',
        )
        assert sent.returncode == 0, sent.stderr
        assert server.recv() == b'{"event":"viewed"}'
    finally:
        server.close(linger=0)
        context.term()
    assert public.exists()


def test_keygen_replaces_nothing(touchpoint, keygen, tmp_path):
    public = keygen("web")
    before = public.read_bytes()
    again = run(touchpoint / "touchpointctl", "keygen", "web", "--folder", tmp_path)
    assert again.returncode == 73 and "exists and is not replaced" in again.stderr
    assert public.read_bytes() == before


def test_keygen_shows_no_secret(touchpoint, tmp_path):
    done = run(touchpoint / "touchpointctl", "keygen", "web", "--folder", tmp_path)
    assert key_in(tmp_path / "web.key", "public-key").decode() in done.stdout
    assert key_in(tmp_path / "web.key_secret", "secret-key").decode() not in done.stdout + done.stderr


@pytest.mark.parametrize("arguments, code, said", [
    (["--curve", "x"], 64, "--curve-key"),
    (["--curve-key", "x"], 64, "nothing would be encrypted"),
    (["--curve", "no-key", "--curve-key", "x"], 74, "neither a public key"),
])
def test_send_says_what_is_missing(touchpoint, arguments, code, said):
    done = run(touchpoint / "touchpoint-send", *arguments, input="")
    assert done.returncode == code and said in done.stderr
