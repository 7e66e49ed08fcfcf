"""Runs WASI programs with the package `wasmtime` from PyPI: components (preview 2) and modules
(preview 1).

    run.py compile PROGRAM COMPILED
    run.py run COMPILED [ARGUMENT...]

A compiled program starts in a fraction of a second. One of preview 1 is given a listening socket,
as it cannot make one, and this process is its peer: see `Peer`.
"""

import ctypes
import os
import socket
import sys
import tempfile
import threading

import wasmtime
import wasmtime._bindings as bindings

# The package has components since it has preview 2.
IS_PREVIEW_2 = hasattr(bindings, "wasi_config_inherit_network")
if IS_PREVIEW_2:
    from wasmtime import component

# The first descriptor behind the three standard ones and the folder.
LISTENER = 4


def compile_program(program, compiled):
    kind = component.Component if IS_PREVIEW_2 else wasmtime.Module
    code = kind.from_file(wasmtime.Engine(), program).serialize()
    # Under its name once it is complete: others may run it.
    unfinished = f"{compiled}.{os.getpid()}"
    with open(unfinished, "wb") as file:
        file.write(code)
    os.replace(unfinished, compiled)


def settings(arguments, folder):
    config = wasmtime.WasiConfig()
    config.argv = ["test", *arguments]
    config.env = [("RUST_BACKTRACE", "0"), ("TMPDIR", "/tmp")]
    config.inherit_stdout()
    config.inherit_stderr()
    config.preopen_dir(folder, "/tmp")
    return config


def run_preview_2(compiled, arguments, folder):
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    config = settings(arguments, folder)
    # The package does not wrap these two calls; without them there is no network.
    bindings.wasi_config_inherit_network(config.ptr())
    bindings.wasi_config_allow_ip_name_lookup(config.ptr(), True)
    store.set_wasi(config)
    linker = component.Linker(engine)
    linker.add_wasip2()
    program = component.Component.deserialize_file(engine, compiled)
    instance = linker.instantiate(store, program)
    names = (f"wasi:cli/run@0.2.{patch}" for patch in range(20))
    exports = (instance.get_export_index(store, name) for name in names)
    run = instance.get_export_index(store, "run", next(filter(None, exports)))
    result = instance.get_func(store, run)(store)
    return 0 if getattr(result, "tag", "ok") == "ok" else 1


def run_preview_1(compiled, arguments, folder):
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    config = settings(arguments, folder)
    address = free_address()
    name = ctypes.create_string_buffer("{}:{}".format(*address).encode())
    if not bindings.wasi_config_preopen_socket(config._ptr, LISTENER, name):
        raise OSError(f"no listener at {address}")
    store.set_wasi(config)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    module = wasmtime.Module.deserialize_file(engine, compiled)
    Peer(address).start()
    linker.instantiate(store, module).exports(store)["_start"](store)
    return 0


def free_address():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()


class Peer(threading.Thread):
    """Connects to the program, and does as each byte from there says.

    s: sends a byte    n: connects once more    h: ends sending    c: closes    r: resets
    f: reads all there is and goes on reading to the end
    """

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address = address

    def run(self):
        with socket.create_connection(self.address) as stream:
            while command := stream.recv(1):
                if command == b"s":
                    stream.sendall(b"x")
                elif command == b"n":
                    Peer(self.address).start()
                elif command == b"h":
                    stream.shutdown(socket.SHUT_WR)
                elif command == b"f":
                    while stream.recv(1 << 16):
                        pass
                elif command == b"r":
                    linger = (1).to_bytes(4, sys.byteorder) + bytes(4)
                    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return
                elif command == b"c":
                    return


def main(command, program, *arguments):
    if command == "compile":
        compile_program(program, *arguments)
        return 0
    run = run_preview_2 if IS_PREVIEW_2 else run_preview_1
    with tempfile.TemporaryDirectory() as folder:
        try:
            return run(program, arguments, folder)
        except wasmtime.ExitTrap as trap:
            return trap.code
        except wasmtime.Trap as trap:
            print(trap.message, file=sys.stderr)
            return 134


sys.exit(main(*sys.argv[1:]))
