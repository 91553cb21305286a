"""rsyslog with imczmq and omfile, as a child process with its own configuration and folder, not a system service.

It does less than touchpointd: it does not parse JSON, does not file by channel, adds no metadata, and does not
sync. Its only file is compressed by zlib, level 1.
Its settings are the fastest of about 25 that were tried in interleaved rounds on two cores:
- main queue: its defaults, Direct, LinkedList, FixedArray; sizes of 1,000 to 500,000; dequeueBatchSize 128 to 4096;
  one and two workers. One worker was fastest; type and sizes made no measurable difference; Direct was slowest.
- omfile: veryRobustZip off and flushOnTXEnd off were fastest; ioBufferSize from 4k (the default, the fastest) to
  256k and asyncWriting made no difference, and asyncWriting lost the last lines at the end.
- template %rawmsg% or %msg%, parser rfc3164 alone: no difference.
- A ruleset for the input: imczmq 8.2302 frees it twice at its end, and lines that omfile still buffers are lost.
"""

import subprocess

from contestants import PATIENCE, Run, check_count, ends
from processes import cpu_seconds, end_of_work, listening_port, memory_mib, wait_until

PROGRAM = "/usr/sbin/rsyslogd"

CONFIGURATION = """\
global(workDirectory="{folder}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off")
module(load="imczmq")
template(name="message" type="string" string="%rawmsg%\\n")
main_queue(queue.workerThreads="1" queue.timeoutEnqueue="60000")
input(type="imczmq" endpoints="@tcp://127.0.0.1:*" sockType="PULL")
action(type="omfile" file="{folder}/events.gz" template="message" zipLevel="1" veryRobustZip="off"
       flushOnTXEnd="off")
"""


def rsyslog(place, load, configuration=CONFIGURATION):
    """The time is from the first message sent to the time from which rsyslog used no more CPU."""
    with place.fresh_folder() as folder:
        (folder / "rsyslog.conf").write_text(configuration.format(folder=folder))
        with (folder / "rsyslog.log").open("w") as log:
            process = subprocess.Popen(
                [PROGRAM, "-n", "-i", folder / "pid", "-f", folder / "rsyslog.conf"], stdout=log, stderr=log)
        try:
            run = measured(place, load, process)
        finally:
            ends(process)
        check_count("rsyslog", load.events, lines(folder / "events.gz"))
        run.more = {"compressedBytes": (folder / "events.gz").stat().st_size}
        return run


def measured(place, load, process):
    port = wait_until("rsyslog to listen", lambda: process.poll() is not None or listening_port(process.pid))
    if process.poll() is not None:
        raise SystemExit(f"compare: rsyslog ended with exit code {process.returncode}")
    cpu = cpu_seconds(process.pid)
    sent = place.send(f"tcp://127.0.0.1:{port}", load)
    end, used = end_of_work(process.pid)
    memory = memory_mib(process.pid, "VmHWM")
    return Run(load.events, end - sent["startedAt"], used - cpu, sent["cpuSeconds"], memory)


def lines(path):
    """Returns the number of lines that can be read back."""
    unpack = subprocess.Popen(["zcat", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    count = subprocess.run(["wc", "-l"], stdin=unpack.stdout, stdout=subprocess.PIPE, timeout=PATIENCE, check=True)
    unpack.stdout.close()
    unpack.wait(PATIENCE)
    return int(count.stdout)


def version():
    try:
        text = subprocess.run([PROGRAM, "-v"], stdout=subprocess.PIPE, text=True, check=False).stdout
    except FileNotFoundError:
        return None
    return text.split()[1]
