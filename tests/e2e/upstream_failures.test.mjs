// Upstreams that fail, answer early, or are not there.
// Rooms: target client server gate

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';

import { Desk, Upstream, assertRefused, eventually, freePort, response, unlessBuilt } from './harness.mjs';

const unavailable = (status, reason) => ({ status, error: 'unavailable', reason, stage: 'call', outcome: 'failed' });

describe('an upstream that fails', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({ change: (configuration) => {
      const { operations, defaults, upstreams } = configuration;
      configuration.workers = 1; // whose kept connection is the next request's
      upstreams.orders.failures = 1000; // the circuit has tests of its own
      defaults.timeout = '2s';
      operations.getOrder.timeout = '300ms';
    } });
  });
  after(() => desk?.close());
  beforeEach(() => (desk.upstream.answer = () => response(200)));

  const malformed = {
    'what is not HTTP': 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}',
    'a length and a coding': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    'a status of two digits': 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n{}',
    'a field with NUL': 'HTTP/1.1 200 OK\r\nX-A: \0\r\nContent-Length: 2\r\n\r\n{}',
    'an endless head': `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(1 << 20)}\r\n\r\n`,
    'a folded field': 'HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\n{}',
    'an upgrade nobody asked for': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
  };
  for (const [what, bytes] of Object.entries(malformed)) {
    it(`with ${what} is 502, and its connection is not used again`, async () => {
      desk.upstream.answer = () => Buffer.from(bytes, 'latin1');
      await assertRefused(desk.gatehouse, await desk.post('/orders', { title: 'pen', quantity: 1 }), unavailable(502, 'upstream_malformed'));
      desk.upstream.answer = () => response(200);
      assert.equal((await desk.get('/orders')).status, 200);
    });
  }

  it('by bytes behind an answer does not answer the next caller with them', async () => {
    desk.upstream.answer = () => Buffer.concat([response(200, { for: 'first' }), response(200, { for: 'nobody' })]);
    assert.deepEqual((await desk.get('/orders')).json(), { for: 'first' });
    desk.upstream.answer = () => response(200, { for: 'second' });
    assert.deepEqual((await desk.get('/orders')).json(), { for: 'second' });
  });

  it('by silence is 504', async () => {
    desk.upstream.answer = () => undefined;
    const answer = await desk.get('/orders/1');
    assert.equal(answer.status, 504);
    const { reason } = await desk.gatehouse.eventOf(answer.json().correlation_id);
    assert.ok(['upstream_late', 'deadline_passed'].includes(reason), reason);
  });

  it('by closing a kept connection is asked again, once, where asking twice is safe', async () => {
    await desk.get('/orders');
    let asked = 0;
    desk.upstream.answer = (_, socket) => ((asked += 1) === 1 ? void socket.destroy() : response(200));
    assert.equal((await desk.get('/orders')).status, 200);
    assert.equal(asked, 2);
  });

  it('never gets a request twice that must not be repeated', async () => {
    await desk.get('/orders');
    let asked = 0;
    desk.upstream.answer = (_, socket) => {
      asked += 1;
      socket.destroy();
    };
    assert.equal((await desk.post('/orders', { title: 'pen', quantity: 1 })).status, 502);
    assert.equal(asked, 1);
  });

  it('in the middle of a body does not look like success', async () => {
    desk.upstream.answer = (_, socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"a":');
    // 502 where the end is seen together with the head; otherwise the head has left.
    const seen = await desk.get('/orders').then(({ status }) => status, () => 'broken');
    assert.ok([502, 'broken'].includes(seen), seen);
    assert.equal((await desk.gatehouse.event(({ reason }) => reason === 'upstream_malformed', 'upstream_malformed')).outcome, 'failed');
  });

  it('in the middle of a body that has begun to leave breaks the connection, and is recorded so', async () => {
    const large = Buffer.alloc(200_000, 'x');
    for (const [head, piece] of [['Content-Length: 300000', large], ['Transfer-Encoding: chunked', Buffer.concat([Buffer.from('30d40\r\n'), large, Buffer.from('\r\n7\r\nabc')])]]) {
      desk.upstream.answer = (_, socket) => void socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${head}\r\n\r\n`), piece]));
      await assert.rejects(desk.get('/orders?limit=77'));
      const event = await desk.gatehouse.event(({ reason }) => reason === 'upstream_malformed' , 'upstream_malformed');
      assert.equal(event.outcome, 'failed');
    }
  });
});

describe('an upstream that answers before it has read the request', unlessBuilt, () => {
  it('and closes the connection is heard: the rest of the body is of no use', async () => {
    const heard = [];
    const early = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.pause();
        heard.push(socket);
        socket.write('HTTP/1.1 413 Too Large\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno', () => socket.resetAndDestroy());
      });
    });
    await new Promise((resolve) => early.listen(0, '127.0.0.1', resolve));
    const desk = await Desk.open({ change: (configuration, api) => {
      configuration.upstreams.orders.url = `http://127.0.0.1:${early.address().port}`;
      Object.assign(configuration.operations.createOrder, { body: '16MiB' });
      configuration.memory = { bodies: '2GiB' };
      api.paths['/orders'].post.requestBody.content['application/json'].schema = { type: 'object', properties: { title: { type: 'string', maxLength: 16_000_000 } } };
    } });
    const answer = await desk.post('/orders', { title: 'x'.repeat(12_000_000) });
    const event = await assertRefused(desk.gatehouse, answer, { status: 413, error: 'too_large', reason: 'upstream_refusal', outcome: 'upstream' });
    assert.equal(event['upstream.status_code'], 413);
    assert.equal(heard.length, 1);
    await desk.close();
    await new Promise((resolve) => early.close(resolve));
  });
});

describe('an upstream that is not there', unlessBuilt, () => {
  it('is 502; after failures the circuit opens and answers 503 without asking; a probe closes it', async () => {
    const port = await freePort();
    const desk = await Desk.open({ change: (configuration) => {
      configuration.workers = 1;
      Object.assign(configuration.upstreams.orders, { url: `http://127.0.0.1:${port}`, failures: 3, open_for: '1s' });
    } });
    for (let count = 0; count < 3; ++count) await assertRefused(desk.gatehouse, await desk.get('/orders'), unavailable(502, 'upstream_unreachable'));
    const found = await Upstream.start(port);
    const refused = await desk.get('/orders');
    await assertRefused(desk.gatehouse, refused, unavailable(503, 'upstream_open_circuit'));
    assert.equal(refused.headers['retry-after'], '1');
    assert.equal(found.connections, 0, 'an upstream that rests is not asked');

    // When it accepts a connection the circuit closes, whatever the outcome of that request.
    found.answer = (_, socket) => void socket.destroy();
    await eventually(async () => (await desk.get('/orders')).status === 502, 'a probe');
    for (let count = 0; count < 5; ++count) await assertRefused(desk.gatehouse, await desk.get('/orders'), unavailable(502, 'upstream_unreachable'));

    found.answer = () => response(200);
    await eventually(async () => (await desk.get('/orders')).status === 200, 'recovery');
    for (let count = 0; count < 10; ++count) assert.equal((await desk.get('/orders')).status, 200);
    await found.close();
    await desk.close();
  });

  it('that rests for long says until when', async () => {
    const desk = await Desk.open({ change: async (configuration) => {
      configuration.workers = 1;
      Object.assign(configuration.upstreams.orders, { url: [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`], failures: 1, open_for: '1h' });
    } });
    for (let count = 0; count < 2; ++count) assert.ok([502, 503].includes((await desk.get('/orders')).status));
    const refused = await desk.get('/orders');
    await assertRefused(desk.gatehouse, refused, unavailable(503, 'upstream_open_circuit'));
    const seconds = Number(refused.headers['retry-after']);
    assert.ok(seconds > 3000 && seconds <= 3600, seconds);
    await desk.close();
  });

  it('is passed over for another address that is there', async () => {
    const desk = await Desk.open({ change: async ({ upstreams }, _, { upstream }) => {
      upstreams.orders.url = [`http://127.0.0.1:${await freePort()}`, upstream.url];
    } });
    for (let count = 0; count < 6; ++count) assert.equal((await desk.get('/orders')).status, 200);
    await desk.close();
  });

  it('that has too much to do is 503', async () => {
    const desk = await Desk.open({ change: (configuration) => {
      const { upstreams } = configuration;
      upstreams.orders.connections = 1;
      configuration.workers = 1;
    } });
    let release;
    desk.upstream.answer = () => new Promise((resolve) => (release = () => resolve(response(200))));
    const first = desk.get('/orders');
    await eventually(() => release, 'request at the upstream');
    const refused = await desk.get('/orders');
    await assertRefused(desk.gatehouse, refused, unavailable(503, 'upstream_overloaded'));
    assert.equal(refused.headers['retry-after'], '1');
    release();
    assert.equal((await first).status, 200);
    await desk.close();
  });
});
