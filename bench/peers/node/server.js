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

const loads = { echo: () => streams(echo), broadcast: () => streams(tellAll), datagrams };
if (!Object.hasOwn(loads, load)) {
    console.error(`no such load here: ${load}`);
    process.exit(2);
}
loads[load]();
