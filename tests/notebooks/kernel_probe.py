"""Runs cells in the Deno kernel, presses Stop during one, and prints what came back as JSON: kernel_probe.py FOLDER.

Reads from standard input a list of {"code": ..., "stop_after": seconds or null}.
"""

import json
import sys
import time
from queue import Empty

from jupyter_client.manager import KernelManager

SECONDS = 60


def run(client, manager, code: str, stop_after: float | None) -> list[dict]:
    request = client.execute(code)
    outputs = []
    if stop_after is not None:
        time.sleep(stop_after)
        manager.interrupt_kernel()
    while True:
        message = client.get_iopub_msg(timeout=SECONDS)
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content["execution_state"] == "idle":
            return outputs
        if kind in ("execute_result", "error", "stream", "display_data", "update_display_data"):
            outputs.append({"kind": kind, **content})


manager = KernelManager(kernel_name="deno")
manager.start_kernel(cwd=sys.argv[1])
client = manager.client()
client.start_channels()
try:
    client.wait_for_ready(timeout=SECONDS)
    results = [run(client, manager, cell["code"], cell["stop_after"]) for cell in json.load(sys.stdin)]
    print(json.dumps({"alive": manager.is_alive(), "results": results}))
except Empty:
    sys.exit("the kernel did not answer")
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
