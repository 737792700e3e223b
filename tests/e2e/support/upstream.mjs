// A real upstream service on a TCP port, which keeps every byte that arrived.

import { createServer } from 'node:net';

import { takeMessage } from './wire.mjs';

// Bytes of a response; `body` may be a string, bytes, or a value that is sent as JSON.
export function response(status, body = { ok: true }, headers = {}) {
  const isBytes = typeof body === 'string' || Buffer.isBuffer(body);
  const bytes = Buffer.from(isBytes ? body : JSON.stringify(body));
  const all = { 'Content-Type': 'application/json', 'Content-Length': bytes.length, ...headers };
  const fields = Object.entries(all).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Whatever\r\n${fields.join('')}\r\n`), bytes]);
}

export class Upstream {
  // Each: {method, target, headers, rawHeaders, head, body, json()}, in the order of arrival.
  requests = [];
  connections = 0;
  // (request, socket) => bytes to answer with, or a promise of them, or undefined when it has seen to the socket itself.
  answer = () => response(200);
  #sockets = new Set();
  #server = createServer((socket) => this.#serve(socket));

  static async start(port = 0) {
    const upstream = new Upstream();
    await upstream.listen(port);
    return upstream;
  }

  async listen(port = 0) {
    await new Promise((resolve, reject) => this.#server.once('error', reject).listen(port, '127.0.0.1', resolve));
    this.port = this.#server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  get last() {
    return this.requests.at(-1);
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket) {
    this.connections += 1;
    this.#sockets.add(socket);
    let received = Buffer.alloc(0);
    let turn = Promise.resolve();
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      for (let message; (message = takeMessage(received)); received = received.subarray(message.size)) {
        const request = this.#record(message);
        turn = turn.then(async () => {
          const answer = await this.answer(request, socket);
          if (answer !== undefined && !socket.destroyed) socket.write(answer);
        });
      }
    });
  }

  #record(message) {
    const [method, target] = message.line.split(' ');
    const request = { ...message, method, target, json: () => JSON.parse(message.body.toString()) };
    this.requests.push(request);
    return request;
  }
}
