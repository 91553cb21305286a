"""A producer that records what it sent and what was acknowledged."""

import json
import math
import os
import queue
import random
import string
import threading
import time
import zlib

import zmq

from waiting import wait_until

CHANNELS = ("web", "store", "app")
_LETTERS = string.ascii_letters + string.digits + " äß→\"\\"
_LENGTH = 200
# Texts of events are substrings of this one.
_TEXT = "".join(random.Random(1).choices(_LETTERS, k=20 * _LENGTH))


def event(identifier, channel, dice):
    """Returns an event that contains its own checksum, as the bytes that are sent."""
    start = dice.randrange(len(_TEXT) - _LENGTH)
    body = {"messageId": identifier, "channel": channel, "text": _TEXT[start : start + dice.randrange(_LENGTH)]}
    body["sum"] = zlib.crc32(json.dumps(body).encode())
    return json.dumps(body, ensure_ascii=dice.random() < 0.5).encode()


def broken(identifier, dice):
    """Returns a piece that goes to quarantine, with an identifier by which it can be found there."""
    return b'{"messageId":"' + identifier.encode() + b'","text":' + b"}" * dice.randrange(1, 9)


class Load:
    """Sends messages over DEALER on a separate thread, at most `window` unanswered.

    Each identifier is written to `log`, on another file system than the data, with the time, after its answer has
    arrived. `send_again` resends messages without an answer: then, and only then, may their events be stored twice.

    `events`: average number per message. `gap`: seconds between two messages, if the window allows more.
    """

    def __init__(self, endpoint, log, seed, window=8, events=5, gap=0.0):
        self.endpoint = endpoint
        self.log = open(log, "a", encoding="utf-8")  # noqa: SIM115, closed by `end`
        self.log_path = log
        self.dice = random.Random(seed)
        self.seed = seed
        self.window = window
        self.events = events
        self.gap = gap
        self.channels = list(CHANNELS)
        # For pieces that are not the first of their message.
        self.broken_share = 0.02
        # From identifier to the bytes sent. Only the thread writes it, before sending.
        self.sent = {}
        self.refused = {}
        self.repeated = set()
        # Acknowledged after the power was cut: a machine without power could not have sent that.
        self.doubtful = set()
        self.wrong_answers = []
        self.answers = 0
        self.acknowledged = 0
        self._unanswered = {}
        self._in_doubt = False
        # When identifiers were acknowledged, since the last start of the collector.
        self._lately = []
        self._next = 0
        self._orders = queue.Queue()
        self._alarm = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._paused = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()

    # For the test's thread

    def pause(self):
        """Sends nothing new; answers are still received."""
        self._paused.set()
        return self

    def resume(self):
        self._paused.clear()
        self._wake()
        return self

    def send_again(self):
        """Resends what was not answered: the collector is a new one now."""
        self._orders.put("again")
        self._wake()

    def doubt_since(self, moment):
        """Marks what was acknowledged from `moment` (seconds of time.time) on, up to `send_again`, as in doubt."""
        self._give(("doubt", moment))

    def send(self, messages):
        """Sends so many messages at once, paused or not and whatever the window; returns once they are sent."""
        self._give(("send", messages))

    def _give(self, order):
        done = threading.Event()
        self._orders.put((*order, done))
        self._wake()
        wait_until(f"the producer to {order}", lambda: done.wait(0.25))

    def wait_for_answers(self, collector, number=1):
        """Waits for so many further answers."""
        before = self.answers
        self._wait(collector, f"{number} further answers", lambda: self.answers >= before + number)

    def settle(self, collector):
        """Pauses, and waits until everything sent is answered."""
        self.pause()
        self._wait(collector, "an answer for all that was sent", lambda: not self._unanswered)

    @property
    def unanswered(self):
        return len(self._unanswered)

    def _wait(self, collector, what, condition):
        def holds():
            assert self._thread.is_alive(), "the thread of the producer has ended"
            assert collector.is_running, f"touchpointd ended\n{collector.log}"
            return condition()

        try:
            wait_until(what, holds, every=0.002)
        except AssertionError as failure:
            raise AssertionError(
                f"{failure}; {self.answers} answers, {self.unanswered} missing\n{collector.log}"
            ) from None

    def end(self):
        if self._thread.is_alive():
            self._orders.put("end")
            self._wake()
            wait_until("the end of the producer", lambda: not self._thread.is_alive())
        os.close(self._alarm)
        self.log.close()

    def _wake(self):
        os.eventfd_write(self._alarm, 1)

    # In the thread

    def _run(self):
        context = zmq.Context()
        socket = context.socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, 5)
        socket.connect(self.endpoint)
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        poller.register(self._alarm, zmq.POLLIN)
        due = time.monotonic()
        try:
            while self._obey(socket):
                timeout = None
                if not self._paused.is_set() and len(self._unanswered) < self.window:
                    timeout = max(0, math.ceil(1000 * (due - time.monotonic())))
                    if timeout == 0:
                        self._send_one(socket)
                        due = time.monotonic() + self.gap
                ready = dict(poller.poll(timeout))
                if socket in ready:
                    self._take(socket.recv_multipart())
                if self._alarm in ready:
                    os.eventfd_read(self._alarm)
        finally:
            socket.close()
            context.term()

    def _obey(self, socket):
        """Carries out the test thread's orders; returns false when told to end."""
        while not self._orders.empty():
            if not self._obey_one(socket, self._orders.get()):
                return False
        return True

    def _obey_one(self, socket, order):
        if order == "again":
            self._begin_again(socket)
        elif isinstance(order, tuple):
            what, number, done = order
            if what == "send":
                for _ in range(number):
                    self._send_one(socket)
            else:
                self._in_doubt = True
                for moment, identifiers in self._lately:
                    if moment >= number:
                        self.doubtful.update(identifiers)
            done.set()
        return order != "end"

    def _begin_again(self, socket):
        # Answers of the previous collector come first.
        while socket.poll(0):
            self._take(socket.recv_multipart())
        self._in_doubt = False
        self._lately = []
        for request, (payload, identifiers) in list(self._unanswered.items()):
            self.repeated.update(identifiers)
            socket.send_multipart([request, payload])

    def _send_one(self, socket):
        self._next += 1
        pieces, identifiers, broken_pieces = [], [], 0
        for place in range(self.dice.randrange(1, 2 * self.events)):
            identifier = f"{self.seed:x}-{self._next}-{place}"
            # NDJSON is recognised by whole lines: at least half of them.
            if 2 * broken_pieces < place and self.dice.random() < self.broken_share:
                broken_pieces += 1
                pieces.append(broken(identifier, self.dice))
                self.refused[identifier] = pieces[-1]
            else:
                pieces.append(event(identifier, self.dice.choice(self.channels), self.dice))
                self.sent[identifier] = pieces[-1]
            identifiers.append(identifier)
        request = b"%d" % self._next
        payload = b"\n".join(pieces)
        self._unanswered[request] = (payload, identifiers)
        socket.send_multipart([request, payload])

    def _take(self, frames):
        request, text = frames
        answer = json.loads(text)
        if answer["status"] == "unavailable":
            return
        waiting = self._unanswered.pop(request, None)
        if waiting is None:
            return
        identifiers = waiting[1]
        found = answer.get("events", 0) + len(answer.get("quarantined", ()))
        if answer["status"] != "committed" or found != len(identifiers):
            self.wrong_answers.append(answer)
            return
        now = time.time()
        self.log.write("".join(f"{identifier} {now:.6f}\n" for identifier in identifiers))
        self.log.flush()
        self._lately.append((now, identifiers))
        if self._in_doubt:
            self.doubtful.update(identifiers)
        self.acknowledged += len(identifiers)
        self.answers += 1


def wait_a_moment(dice, seconds):
    """Waits for a random time: what happens meanwhile must not matter."""
    time.sleep(dice.uniform(0, seconds))
