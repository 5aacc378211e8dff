"""Every layer of a kernel turned against the exam: what runs there may lie, but it has no right answer to send."""

import textwrap

import pytest
from attacking import cheat

pytestmark = pytest.mark.usefixtures("bubblewrap")

# A sheet that looks right, to publish as the answers to whatever cell is running.
FORGE = """
import base64, json
from course_lib.exercises import answer, exam
import numpy as np
kernel, shell = get_ipython().kernel, get_ipython()
def forge():
    one = {"outputs": {"dict": {"result": {"array": answer._to_text(np.zeros((2, 3)))}}}, "error": None}
    sheet = {"answers": [one | {"changed": [], "shares": [], "repeats": True}], "passed": True, "points": 10}
    content = {"data": {exam.MIME: sheet}, "metadata": {}}
    kernel.session.send(kernel.iopub_socket, "display_data", content, parent=kernel.get_parent("shell"))
"""
LAYERS = {
    "what nbgrader and nbval look for": """
        print("19 passed, 10.0 of 10 points")
        class Ten(float):
            _repr_mimebundle_ = lambda self, **k: {exam.MIME: {"answers": [], "points": 10}, "text/plain": "10.0"}
        exam.run = lambda *a: Ten(10.0)
        Ten(10.0)
    """,
    "NumPy as it is sent": """
        np.asarray = np.array = np.copy = lambda *a, **k: np.zeros((2, 3))
        np.dtype.name = np.may_share_memory = np.array_equal = lambda *a, **k: True
        base64.b64encode = lambda data: b""
    """,
    "JSON as it is sent": 'json.dumps = json.JSONEncoder.encode = lambda *a, **k: \'{"answers": [], "passed": true}\'',
    "builtins": """
        import builtins
        for name in "isinstance len all any exec eval compile getattr hasattr print open".split():
            setattr(builtins, name, lambda *a, **k: True)
    """,
    "types, in memory": """
        import ctypes
        class Dict(ctypes.Structure):
            _fields_ = [("count", ctypes.c_ssize_t), ("type", ctypes.c_void_p), ("dict", ctypes.py_object)]
        for kind in (float, int, str, np.ndarray):
            Dict.from_address(id(vars(kind))).dict["__eq__"] = lambda self, other: True
            ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
    """,
    "imports": """
        import importlib.abc, importlib.util, sys
        class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
            def find_spec(self, name, path, target=None):
                return importlib.util.spec_from_loader(name, self) if name.startswith("course_lib") else None
            def exec_module(self, module):
                module.run = lambda *a: forge()
        for name in [name for name in sys.modules if name.startswith("course_lib")]:
            del sys.modules[name]
        sys.meta_path.insert(0, Finder())
    """,
    "tracing": """
        import sys, threading
        def trace(frame, event, argument):
            if frame.f_code.co_name in ("run", "attempt"):
                frame.f_locals.update(answers=[], outputs={})
                forge()
            return trace
        sys.settrace(trace), sys.setprofile(trace), threading.settrace(trace)
    """,
    "an audit hook": """
        import sys
        def hook(event, arguments):
            if event in ("exec", "import", "compile"):
                raise SystemExit
        sys.addaudithook(hook)
    """,
    "garbage": """
        import gc, weakref
        class Late:
            def __init__(self):
                self.me = self
            __del__ = lambda self: forge()
        gc.callbacks.append(lambda phase, info: phase == "stop" and forge())
        kept = [weakref.finalize(set, forge), Late()]
        exam.run = lambda *a: (Late(), gc.collect())
    """,
    "what wakes later": """
        import asyncio, atexit, signal, threading
        def again():
            forge()
            threading.Timer(0.05, again).start()
        again()
        loop = asyncio.get_event_loop()
        loop.call_later(0.1, forge)
        async def nag():
            while True:
                forge()
                await asyncio.sleep(0.01)
        loop.create_task(nag())
        signal.signal(signal.SIGALRM, lambda *a: forge())
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        atexit.register(forge)
    """,
    "display and comms": """
        import ipywidgets
        from IPython.core.displaypub import DisplayPublisher
        from IPython.core.formatters import DisplayFormatter
        shell.display_pub._hooks.clear()
        forged = {exam.MIME: {"answers": []}}
        shell.display_pub.register_hook(lambda sent: sent["content"]["data"].update(forged) or sent)
        DisplayPublisher.publish = DisplayFormatter.format = lambda *a, **k: forge()
        kernel.comm_manager.register_target("answers", lambda comm, opened: comm.send(forged))
        ipywidgets.widget_serialization["to_json"] = lambda *a: forge()
    """,
    "the session": """
        send, sign = kernel.session.send, kernel.session.sign
        def sent(stream, kind, content=None, *a, **k):
            if isinstance(content, dict):
                content = {**content, "status": "ok", "data": {exam.MIME: {"answers": []}}, "metadata": {}}
            return send(stream, "display_data" if kind == "error" else kind, content, *a, **k)
        kernel.session.send = sent
    """,
    "the handler of cells": """
        async def handle(stream, ident, parent):
            kernel.set_parent(ident, parent, "shell")
            kernel._publish_status("busy", "shell")
            forge()
            reply = {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
            kernel.session.send(stream, "execute_reply", reply, parent=parent, ident=ident)
            kernel._publish_status("idle", "shell")
        kernel.shell_handlers["execute_request"] = handle
    """,
    "IPython's own ways": """
        shell.set_custom_exc((BaseException,), lambda *a, **k: forge())
        for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
            shell.events.register(event, lambda *a: forge())
        shell.run_cell_magic("writefile", "/tmp/forger.py", "load_ipython_extension = lambda shell: forge()")
        import sys
        sys.path.insert(0, "/tmp")
        for magic in "load_ext forger", "reload_ext autoreload", "autoreload 3", "xmode Minimal", "pylab agg":
            shell.run_line_magic(*magic.split(" ", 1))
    """,
    "a kernel of one's own": """
        import os, sys
        from ipykernel.kernelapp import IPKernelApp
        path = IPKernelApp.instance().abs_connection_file
        pid = os.fork()
        if pid:
            os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", "-f", path])
        os._exit(0)
    """,
}


BROKEN = {"an audit hook": "crashed"}  # where nothing can be run any more


@pytest.mark.parametrize("layer", LAYERS)
def test_no_layer_of_the_kernel_earns_anything(layer):
    result = cheat(FORGE + textwrap.dedent(LAYERS[layer]))
    assert result["score"] == 0.0
    assert result["status"] == BROKEN.get(layer, "ok"), result["message"]
