"""A client of HTTP/2 that sends what it is told, also what no well-behaved client would."""

import socket
import ssl

import h2.config
import h2.connection
import h2.events
import hpack
from hyperframe import frame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def connect(web):
    """An encrypted connection on which HTTP/2 was agreed."""
    context = web.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    connection = context.wrap_socket(socket.create_connection(web.address, timeout=30), server_hostname="localhost")
    assert connection.selected_alpn_protocol() == "h2"
    return connection


class Client:
    """A connection whose requests are streams."""

    def __init__(self, web, key):
        self.socket = connect(web)
        # What is to be judged is the server, so this end checks nothing that it sends.
        self.state = h2.connection.H2Connection(
            h2.config.H2Configuration(
                header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False,
            )
        )
        self.key = key
        self.answers = {}
        self.informed = {}
        self.resets = {}
        # The last stream and the code of each GOAWAY.
        self.goodbyes = []
        self.rest = b""
        self.has_ended = False
        self.state.initiate_connection()
        self.flush()
        # Its limits are in force once this end has confirmed them.
        while self.state.remote_settings.max_concurrent_streams != 100:
            assert self.receive(), "the connection ended"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        data = self.state.data_to_send()
        if data:
            self.socket.sendall(data)

    def begin(self, method="POST", path="/v1/events", headers=(), ends=False):
        """Sends the head of a request; returns its stream."""
        stream = self.state.get_next_available_stream_id()
        fields = [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)]
        fields += [("x-write-key", self.key)] if self.key else []
        self.state.send_headers(stream, fields + list(headers), end_stream=ends)
        self.flush()
        return stream

    def send(self, stream, body, ends=True):
        """Sends as much of a body as the windows allow; returns how much."""
        room = min(len(body), self.state.local_flow_control_window(stream))
        size = self.state.max_outbound_frame_size
        for at in range(0, room, size):
            part = body[at:min(at + size, room)]
            self.state.send_data(stream, part, end_stream=ends and at + len(part) == len(body))
        self.flush()
        return room

    def post(self, body, **more):
        stream = self.begin(**more)
        assert self.send(stream, body) == len(body)
        return stream

    def receive(self):
        """Takes the next bytes; false at the end of the connection."""
        try:
            data = self.socket.recv(1 << 16)
        except (ConnectionResetError, ssl.SSLEOFError):
            data = b""
        if not data:
            self.has_ended = True
            return False
        for event in self.state.receive_data(self.without_goodbyes(data)):
            self.take(event)
        self.flush()
        return True

    @property
    def is_going_away(self):
        return self.goodbyes != []

    def without_goodbyes(self, data):
        """Whole frames but GOAWAY, after which `h2` would take no more answers."""
        data, kept = self.rest + data, b""
        while len(data) >= 9:
            head, length = frame.Frame.parse_frame_header(memoryview(data[:9]))
            if len(data) < 9 + length:
                break
            if isinstance(head, frame.GoAwayFrame):
                head.parse_body(memoryview(data[9:9 + length]))
                self.goodbyes.append((head.last_stream_id, head.error_code))
            else:
                kept += data[:9 + length]
            data = data[9 + length:]
        self.rest = data
        return kept

    def take(self, event):
        match event:
            case h2.events.InformationalResponseReceived():
                self.informed[event.stream_id] = dict(event.headers)[":status"]
            case h2.events.ResponseReceived():
                self.answers[event.stream_id] = [dict(event.headers), b"", False]
            case h2.events.DataReceived():
                self.answers[event.stream_id][1] += event.data
            case h2.events.StreamEnded():
                self.answers[event.stream_id][2] = True
            case h2.events.StreamReset():
                self.resets[event.stream_id] = event.error_code

    def send_raw(self, *frames):
        """Sends frames that `h2` would not."""
        self.socket.sendall(b"".join(one.serialize() for one in frames))

    def reserve(self):
        """A stream that `h2` knows nothing of, for raw frames."""
        stream = self.state.get_next_available_stream_id()
        self.state.highest_outbound_stream_id = stream
        return stream

    def answer(self, stream):
        """Status, headers and body of an answer."""
        while not (stream in self.answers and self.answers[stream][2]):
            assert self.receive(), f"the connection ended; {self.resets}"
        headers, body, _ = self.answers[stream]
        return int(headers[":status"]), headers, body


def ended_by(web, frames):
    """Sends frames until the other end closes; returns whether it did, and the code of its GOAWAY."""
    connection = connect(web)
    try:
        connection.sendall(PREFACE + frame.SettingsFrame(0).serialize())
        data = b""
        try:
            for one in frames:
                connection.sendall(one)
            while more := connection.recv(1 << 16):
                data += more
        except (ConnectionError, ssl.SSLError):
            pass
        except TimeoutError:
            return False, None
        return True, going_away(data)
    finally:
        connection.close()


def going_away(data):
    """The code of the last GOAWAY in bytes of frames; None if there is none."""
    code = None
    while len(data) >= 9:
        head, length = frame.Frame.parse_frame_header(memoryview(data[:9]))
        if isinstance(head, frame.GoAwayFrame):
            head.parse_body(memoryview(data[9:9 + length]))
            code = head.error_code
        data = data[9 + length:]
    return code


def plain_block(*fields):
    """Encoded fields, each a literal that enters no table: the other encoder of the connection is not disturbed."""
    return b"".join(b"\0" + b"".join(bytes([len(text)]) + text.encode() for text in field) for field in fields)


def head_block(*more):
    """The encoded head of a request for `/health`, with more fields."""
    fields = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/health")]
    return hpack.Encoder().encode(fields + list(more), huffman=False)
