// Node.js: streams that are sent back or to all, and datagrams that are sent back.
//
// Started as `server.js LOAD name=value...`; it prints `listening ADDRESS` once it is ready.

'use strict';

const dgram = require('dgram');
const net = require('net');

const [load, ...words] = process.argv.slice(2);
const settings = Object.fromEntries(words.map((word) => word.split('=')));

function echo(socket) {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
        if (!socket.write(data)) {
            socket.pause();
            socket.once('drain', () => socket.resume());
        }
    });
}

const sockets = new Set();

function tellAll(socket) {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data) => {
        for (const other of sockets) {
            other.write(data);
        }
    });
}

function streams(serve) {
    const server = net.createServer({ noDelay: true }, serve);
    if (settings.path) {
        server.listen({ path: settings.path, backlog: 1024 }, () => {
            console.log(`listening ${settings.path}`);
        });
    } else {
        server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => {
            console.log(`listening 127.0.0.1:${server.address().port}`);
        });
    }
}

function datagrams() {
    const socket = dgram.createSocket('udp4');
    socket.on('message', (message, peer) => socket.send(message, peer.port, peer.address));
    socket.bind(0, '127.0.0.1', () => {
        console.log(`listening 127.0.0.1:${socket.address().port}`);
    });
}

// Its timers count in milliseconds.
async function timeouts() {
    const waits = [];
    for (let at = 0; at < Number(settings.count); at++) {
        const start = process.hrtime.bigint();
        await new Promise((resolve) => setTimeout(resolve, settings.microseconds / 1000));
        waits.push(Number(process.hrtime.bigint() - start) / 1000);
    }
    waits.sort((one, other) => one - other);
    console.log(`p50_microseconds ${waits[Math.floor((waits.length - 1) * 0.5)]}`);
    console.log(`p99_microseconds ${waits[Math.floor((waits.length - 1) * 0.99)]}`);
}

const loads = {
    echo: () => streams(echo),
    broadcast: () => streams(tellAll),
    datagrams,
    timeouts,
};
if (!Object.hasOwn(loads, load)) {
    console.error(`no such load here: ${load}`);
    process.exit(2);
}
loads[load]();
