// Files in both directions: they go on as they come, in flat memory, at any speed (case 34). GATEHOUSE_TRANSFER says how many
// bytes are sent at full speed: 128 MiB where it is not set, 2147483648 for all of what the page promises.
// Rooms: gate server target net

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, assertRefused, eventually, unlessBuilt } from './harness.mjs';

const mebibyte = 1 << 20;
const bytes = Number(process.env.GATEHOUSE_TRANSFER ?? 128 * mebibyte);
const block = Buffer.alloc(64 << 10, 'between 0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n');
const done = { 200: { description: 'Done', content: { 'application/octet-stream': {} } } };
const file = { content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } };

function* blocksOf(size) {
  for (let left = size; left > 0; left -= block.length) yield left < block.length ? block.subarray(0, left) : block;
}
const digestOf = (size) => {
  const hash = createHash('sha1');
  for (const one of blocksOf(size)) hash.update(one);
  return hash.digest('hex');
};

describe('a file', unlessBuilt, () => {
  let desk, service, agent;
  let serve; // (request, answer): what the service does
  const arrived = []; // how each request ended: 'whole' or 'broken'
  before(async () => {
    service = createServer((request, answer) => {
      request.on('error', () => {});
      request.on('close', () => arrived.push(request.complete ? 'whole' : 'broken'));
      answer.on('error', () => {});
      serve(request, answer);
    });
    service.requestTimeout = service.headersTimeout = 0;
    await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
    desk = await Desk.open({
      change: (configuration, api) => {
        const security = [{ partnerKey: [] }, { userToken: [] }];
        api.paths['/files'] = {
          put: { operationId: 'putFile', security, requestBody: { required: true, ...file }, responses: done },
          post: { operationId: 'addFile', security, requestBody: file, responses: done },
          get: { operationId: 'getFile', security, responses: done },
        };
        const size = `${Math.ceil(bytes / mebibyte)}MiB`;
        Object.assign(configuration.operations, { putFile: { permission: 'orders:write', body: size }, addFile: { permission: 'orders:write', body: '4MiB' }, getFile: { permission: 'orders:read' } });
        configuration.upstreams.orders = { url: `http://127.0.0.1:${service.address().port}`, timeout: '2s' };
        configuration.defaults.timeout = '2s';
        configuration.deadlines = { body: '1500ms' };
        configuration.workers = 1;
        configuration.memory = { bodies: '8MiB' };
      },
    });
    agent = new Agent({ ca: desk.tls.ca, keepAlive: true });
  });
  after(async () => {
    agent?.destroy();
    await desk?.close();
    service.closeAllConnections();
    await new Promise((resolve) => service.close(resolve));
  });

  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${desk.gatehouse.process.pid}/status`, 'utf8'))[1]) / 1024;
  const peak = () => Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${desk.gatehouse.process.pid}/status`, 'utf8'))[1]) / 1024);
  // The most MiB that the server grew by while `work` ran.
  const growth = async (work) => {
    const before = resident();
    let most = before;
    const timer = setInterval(() => (most = Math.max(most, resident())), 20);
    await work().finally(() => clearInterval(timer));
    return Math.max(most, resident()) - before;
  };
  const hashing = async (request, answer) => {
    const hash = createHash('sha1');
    let size = 0;
    for await (const piece of request) {
      hash.update(piece);
      size += piece.length;
    }
    answer.setHeader('Content-Type', 'application/json').end(JSON.stringify({ digest: hash.digest('hex'), size, length: request.headers['content-length'] ?? null, coding: request.headers['transfer-encoding'] ?? null }));
  };
  const put = (body, headers = {}, method = 'PUT') => new Promise((resolve, reject) => {
    const request = httpsRequest(`https://localhost:${desk.port}/files`, { method, agent, headers: { ...desk.bearer, 'Content-Type': 'application/octet-stream', ...headers } }, async (answer) => {
      const texts = [];
      for await (const text of answer) texts.push(text);
      resolve({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(texts).toString() });
    });
    request.on('error', reject);
    pipeline(Readable.from(body), request).catch(() => {});
  });
  const head = (...fields) => `POST /files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\nContent-Type: application/octet-stream\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
  const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;
  // The request that arrives at the service next, and its pieces.
  const next = () => new Promise((resolve) => (serve = (request, answer) => {
    const seen = { request, answer, text: '' };
    request.on('data', (piece) => (seen.text += piece));
    resolve(seen);
  }));
  const opened = () => Wire.open(desk.port, desk.tls);

  for (const [framing, headers] of [['with a length', { 'Content-Length': String(bytes) }], ['in chunks', { 'Transfer-Encoding': 'chunked' }]]) {
    it(`goes up at full speed in flat memory, ${framing}`, async (test) => {
      serve = hashing;
      let answer;
      const grown = await growth(async () => (answer = await put(blocksOf(bytes), headers)));
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(JSON.parse(answer.text), { digest: digestOf(bytes), size: bytes, length: headers['Content-Length'] ?? null, coding: headers['Transfer-Encoding'] ?? null });
      assert.ok(grown < 24, `${grown} MiB`);
      test.diagnostic(`${bytes} bytes: the server grew by ${grown.toFixed(1)} MiB, to ${peak()} MiB at most`);
      const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
      assert.deepEqual([event.outcome, event['http.request.body.size']], ['allowed', bytes]);
    });
  }

  it('comes down at full speed in flat memory', async (test) => {
    serve = (request, answer) => void pipeline(Readable.from(blocksOf(bytes)), answer.setHeader('Content-Type', 'application/octet-stream')).catch(() => {});
    const hash = createHash('sha1');
    const grown = await growth(() => new Promise((resolve, reject) => {
      const request = httpsRequest(`https://localhost:${desk.port}/files`, { agent, headers: desk.bearer }, async (answer) => {
        for await (const piece of answer) hash.update(piece);
        resolve();
      });
      request.on('error', reject);
      request.end();
    }));
    assert.equal(hash.digest('hex'), digestOf(bytes));
    assert.ok(grown < 24, `${grown} MiB`);
    test.diagnostic(`${bytes} bytes: the server grew by ${grown.toFixed(1)} MiB, to ${peak()} MiB at most`);
  });

  it('comes down at the pace of a client that trickles, in flat memory', async (test) => {
    let sent = 0;
    serve = (request, answer) => void pipeline(Readable.from(function* () {
      for (const one of blocksOf(bytes)) {
        sent += one.length;
        yield one;
      }
    }()), answer.setHeader('Content-Type', 'application/octet-stream')).catch(() => {});
    let taken = 0;
    const grown = await growth(() => new Promise((resolve, reject) => {
      const request = httpsRequest(`https://localhost:${desk.port}/files`, { agent, headers: desk.bearer }, async (answer) => {
        for await (const piece of answer) {
          if ((taken += piece.length) > 2 * mebibyte) break;
          await new Promise((go) => setTimeout(go, 10));
        }
        resolve(request.destroy());
      });
      request.on('error', (error) => (taken > 2 * mebibyte ? resolve() : reject(error)));
      request.end();
    }));
    // What the client has not taken waits in the service, but for what the sockets on the way hold.
    assert.ok(sent < Math.min(bytes, taken + 48 * mebibyte), `${sent} sent, ${taken} taken`);
    assert.ok(grown < 24, `${grown} MiB`);
    test.diagnostic(`${taken} bytes taken: the server grew by ${grown.toFixed(1)} MiB`);
  });

  it('goes up piece by piece, each when it is there, for longer than deadlines.body and timeout', async () => {
    for (const [fields, write, end] of [[['Content-Length: 393216'], (text) => text, ''], [['Transfer-Encoding: chunked'], chunk, '0\r\n\r\n']]) {
      const coming = next();
      const wire = (await opened()).send(head(...fields));
      const piece = 'x'.repeat(16384);
      wire.send(write(piece));
      const seen = await coming;
      const begun = Date.now();
      for (let count = 1; count < 24; ++count) {
        await eventually(() => seen.text.length === count * piece.length, `piece ${count}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
        wire.send(write(piece));
      }
      wire.send(end);
      await eventually(() => seen.request.complete, 'the end');
      assert.ok(Date.now() - begun > 2000);
      seen.answer.end('{}');
      assert.equal((await wire.responses())[0].status, 200);
      wire.destroy();
    }
  });

  it('goes on as it came, however its chunks and the bytes are cut, and the connection goes on', async () => {
    serve = hashing;
    const text = 'between 0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n'.repeat(3);
    const body = [1, 2, 40, text.length - 43].reduce(([at, out], size) => [at + size, out + chunk(text.slice(at, at + size))], [0, ''])[1];
    const whole = `${head('Transfer-Encoding: chunked')}${body}0\r\n\r\n${head('Content-Length: 3')}abc`;
    for (let at = head('Transfer-Encoding: chunked').length - 2; at < whole.length; at += 7) {
      const wire = await opened();
      wire.send(whole.slice(0, at));
      await new Promise((resolve) => setImmediate(resolve));
      const answers = await wire.send(whole.slice(at)).responses(2);
      assert.deepEqual(answers.map(({ body: one }) => JSON.parse(one).digest), [text, 'abc'].map((one) => createHash('sha1').update(one).digest('hex')), `cut at ${at}`);
      wire.destroy();
    }
  });

  const brokenSoFar = () => arrived.filter((one) => one === 'broken').length;
  const breaks = async (work) => {
    const [before, whole] = [brokenSoFar(), arrived.length - brokenSoFar()];
    await work();
    await eventually(() => brokenSoFar() === before + 1, 'a broken request at the service');
    assert.equal(arrived.length - brokenSoFar(), whole, 'no whole one');
  };
  const begun = async (...fields) => {
    const coming = next();
    const wire = (await opened()).send(head(...fields));
    wire.send(fields[0].startsWith('Transfer') ? chunk('x'.repeat(1000)) : 'x'.repeat(1000));
    const seen = await coming;
    await eventually(() => seen.text.length === 1000, 'the first piece');
    return { wire, seen };
  };

  it('that is larger than `body` says is refused, and the service sees no whole one', () => breaks(async () => {
    const { wire } = await begun('Transfer-Encoding: chunked');
    const megabyte = chunk('y'.repeat(mebibyte));
    for (let i = 0; i < 4; ++i) wire.send(megabyte);
    const [answer] = await wire.responses();
    const event = await assertRefused(desk.gatehouse, answer, { status: 413, error: 'too_large', reason: 'body_too_large' });
    assert.ok(event['http.request.body.size'] > 4 * mebibyte);
    wire.destroy();
    // One that announces it is refused before the service hears of it.
    const announced = (await opened()).send(head(`Content-Length: ${5 * mebibyte}`));
    assert.equal((await announced.responses())[0].status, 413);
    announced.destroy();
  }));

  for (const [what, fields] of [['with a length', ['Content-Length: 100000']], ['in chunks', ['Transfer-Encoding: chunked']]]) {
    it(`whose client sends no more is body_late, ${what}`, () => breaks(async () => {
      const { wire } = await begun(...fields);
      await assertRefused(desk.gatehouse, (await wire.responses())[0], { status: 400, error: 'invalid_request', reason: 'body_late' });
      wire.destroy();
    }));

    it(`whose client leaves is client_gone, ${what}`, () => breaks(async () => {
      const events = desk.gatehouse.events().filter(({ reason }) => reason === 'client_gone').length;
      const { wire } = await begun(...fields);
      wire.destroy();
      await eventually(() => desk.gatehouse.events().filter(({ reason }) => reason === 'client_gone').length === events + 1, 'the event');
    }));
  }

  it('whose client comes a byte now and then is body_late: a pace is kept', () => breaks(async () => {
    const { wire } = await begun('Content-Length: 100000');
    const drip = setInterval(() => wire.send('z'), 100);
    const [answer] = await wire.responses().finally(() => clearInterval(drip));
    assert.equal(answer.status, 400);
    wire.destroy();
  }));

  it('with a chunk that is none is refused', () => breaks(async () => {
    const { wire } = await begun('Transfer-Encoding: chunked');
    const [answer] = await wire.send('zz\r\n').responses();
    await assertRefused(desk.gatehouse, answer, { status: 400, error: 'invalid_request', reason: 'malformed_http' });
    wire.destroy();
  }));

  it('of a key that is revoked meanwhile has no end', () => breaks(async () => {
    const { key, id } = await desk.createKey();
    const coming = next();
    const wire = await opened();
    wire.send(head('Content-Length: 100000').replace(/Authorization: .*\r\n/, `X-API-Key: ${key}\r\n`)).send('x'.repeat(1000));
    const seen = await coming;
    await eventually(() => seen.text.length === 1000, 'the first piece');
    assert.equal((await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id)).status, 0);
    const [answer] = await wire.send('x'.repeat(99000)).responses();
    await assertRefused(desk.gatehouse, answer, { status: 401, error: 'authentication_required', reason: 'credential_revoked' });
    wire.destroy();
  }));

  it('that the service does not want is answered with what the service said', async () => {
    serve = (request, answer) => {
      answer.writeHead(409, { 'Content-Type': 'text/plain', Connection: 'close' }).end('no');
      answer.on('finish', () => request.socket.destroySoon());
    };
    const { status, text } = await put(blocksOf(4 * mebibyte), { 'Content-Length': String(4 * mebibyte) }, 'POST');
    assert.equal(status, 409, text);
    const event = await desk.gatehouse.eventOf(JSON.parse(text).correlation_id);
    assert.deepEqual([event.reason, event['upstream.status_code']], ['upstream_refusal', 409]);
  });

  // The client sends no more: without the answer it would be body_late.
  for (const [framing, fields, piece] of [['with a length', ['Content-Length: 200000'], (text) => text], ['in chunks', ['Transfer-Encoding: chunked'], chunk]]) {
    it(`that is refused while it is sent is answered then, ${framing}`, async () => {
      serve = (request, answer) => request.once('data', () => answer.writeHead(413, { 'Content-Type': 'text/plain' }).end('too much'));
      const wire = await opened();
      const [answer] = await wire.send(head(...fields) + piece('x'.repeat(1000))).responses();
      assert.equal(answer.status, 413);
      assert.equal(answer.headers.connection, 'close');
      const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
      assert.deepEqual([event.reason, event['upstream.status_code']], ['upstream_refusal', 413]);
      wire.destroy();
    });

    it(`goes on behind interim answers, and behind a good one that comes early, ${framing}`, async () => {
      const seen = next();
      const wire = await opened();
      wire.send(head(...fields) + piece('x'.repeat(100_000)));
      const { answer, ...request } = await seen;
      answer.writeEarlyHints({ link: '</a>; rel=preload' });
      answer.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      answer.write('begun,');
      wire.send(piece('y'.repeat(100_000)) + (framing === 'in chunks' ? '0\r\n\r\n' : ''));
      await new Promise((resolve) => request.request.on('end', resolve));
      answer.end('ended');
      const [whole] = await wire.responses();
      assert.deepEqual([whole.status, whole.body.toString()], [200, 'begun,ended']);
      wire.destroy();
    });
  }

  it('that the service does not read is upstream_late', async () => {
    serve = (request) => request.pause();
    const { status, text } = await put(blocksOf(bytes), { 'Content-Length': String(bytes) });
    assert.equal(status, 504, text);
  });

  it('takes a small part of the memory of bodies each, and a caller its share', async () => {
    const seen = [];
    serve = (request, answer) => {
      request.resume();
      seen.push(answer);
    };
    const wires = [];
    const used = async () => Number((await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text()).match(/^gatehouse_body_memory_bytes (\d+)/m)[1]);
    for (let i = 0; i < 20; ++i) wires.push((await opened()).send(head('Transfer-Encoding: chunked') + chunk('x'.repeat(1000))));
    await eventually(() => seen.length === 20, 'twenty uploads at once');
    assert.ok((await used()) <= 20 * 128 * 1024, `${await used()}`);
    for (const wire of wires) wire.destroy();
    await eventually(async () => (await used()) === 0, 'the memory given back');
  });
});
