// HTTP/1.1 as bytes: for requests that no well-behaved client would send, and for the exact bytes of answers.

import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';

const deadline = 10_000;

// Takes one message off the front of `bytes`: {head, line, headers, body, size}, or null while it is incomplete. `ended`:
// no more will come, which is how a response without a length ends. Header names are lower-case; repeated ones are joined.
export function takeMessage(bytes, { ended = false, hasBody = true } = {}) {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = bytes.subarray(0, headEnd).toString('latin1');
  const [line, ...fields] = head.split('\r\n');
  const headers = {};
  for (const field of fields) {
    const [, name, value] = /^([^:]*):[ \t]*(.*?)[ \t]*$/s.exec(field) ?? [, field, ''];
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  const rest = bytes.subarray(headEnd + 4);
  const body = hasBody ? takeBody(rest, headers, ended && line.startsWith('HTTP/')) : { bytes: Buffer.alloc(0), size: 0 };
  return body && { head, line, headers, rawHeaders: fields, body: body.bytes, size: headEnd + 4 + body.size };
}

function takeBody(rest, headers, untilEnd) {
  if (headers['transfer-encoding']) return takeChunks(rest);
  if ('content-length' in headers) {
    const length = Number(headers['content-length']);
    return rest.length < length ? null : { bytes: rest.subarray(0, length), size: length };
  }
  return untilEnd ? { bytes: rest, size: rest.length } : { bytes: Buffer.alloc(0), size: 0 };
}

function takeChunks(rest) {
  const chunks = [];
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = parseInt(rest.subarray(at, lineEnd).toString('latin1'), 16);
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return null;
    if (size === 0) return { bytes: Buffer.concat(chunks), size: next };
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}

// Every response in `bytes`. `methods` are the methods of the requests, in order, because answers to HEAD
// have no body.
export function responsesIn(bytes, methods = []) {
  const responses = [];
  for (let rest = bytes; rest.length > 0; ) {
    const message = takeMessage(rest, { ended: true, hasBody: methods[responses.length] !== 'HEAD' });
    if (!message) throw new Error(`this is not a whole response: ${JSON.stringify(rest.toString('latin1').slice(0, 200))}`);
    const status = Number(message.line.split(' ')[1]);
    responses.push({ ...message, status, json: () => JSON.parse(message.body.toString()) });
    rest = rest.subarray(message.size);
  }
  return responses;
}

// One connection, plain or TLS, that collects the received bytes.
export class Wire {
  received = Buffer.alloc(0);
  closed = false;
  #waiting = new Set();

  static async open(port, { tls = true, ...options } = {}) {
    const wire = new Wire();
    await new Promise((resolve, reject) => {
      const open = tls ? connectTls : connectTcp;
      wire.socket = open({ port, host: '127.0.0.1', ...(tls && { servername: 'localhost', ALPNProtocols: ['http/1.1'] }), ...options }, resolve);
      wire.socket.once('error', reject);
    });
    wire.socket.on('error', () => {}); // A reset is one way to close.
    wire.socket.on('data', (bytes) => wire.#changed(() => (wire.received = Buffer.concat([wire.received, bytes]))));
    wire.socket.on('end', () => wire.#changed(() => (wire.closed = true)));
    wire.socket.on('close', () => wire.#changed(() => (wire.closed = true)));
    return wire;
  }

  send(bytes) {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  // Resolves as soon as condition(this) holds; rejects at the deadline with the received bytes.
  until(condition, what, milliseconds = deadline) {
    if (condition(this)) return Promise.resolve(this);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`no ${what} within ${milliseconds} ms; arrived: ${JSON.stringify(this.received.toString('latin1').slice(0, 500))}`));
      }, milliseconds);
      const check = () => {
        if (!condition(this)) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(this);
      };
      this.#waiting.add(check);
    });
  }

  async closedByServer(milliseconds) {
    await this.until(() => this.closed, 'close', milliseconds);
    this.destroy();
    return this;
  }

  // The next `count` whole responses.
  async responses(count = 1, methods = []) {
    const whole = () => {
      try {
        return responsesIn(this.received, methods).length >= count;
      } catch {
        return false;
      }
    };
    await this.until(whole, `${count} whole responses`);
    return responsesIn(this.received, methods);
  }

  destroy() {
    this.socket.destroy();
  }

  #changed(change) {
    change();
    for (const check of [...this.#waiting]) check();
  }
}

// Sends bytes on a connection of their own and returns the responses that came until the server closed it.
export async function sendUntilClosed(port, bytes, options) {
  const wire = await Wire.open(port, options);
  await wire.send(bytes).closedByServer();
  return responsesIn(wire.received);
}
