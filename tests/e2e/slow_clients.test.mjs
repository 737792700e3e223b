// Clients that read slowly or leave: the upstream connections that they hold, and the record of their
// operations.
// Rooms: audit net server target

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { Desk, Wire, askDatabase, assertRefused, eventually, makeDatabase, response, unlessBuilt } from './harness.mjs';

const head = (desk, method, target, more = '') => `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\n${more}\r\n`;
const order = '{"title":"pen","quantity":1}';
const post = (desk) => head(desk, 'POST', '/orders', `Content-Type: application/json\r\nContent-Length: ${order.length}\r\n`) + order;

describe('a client that reads slowly', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({ change: (configuration) => {
      configuration.workers = 1;
      configuration.deadlines = { answer: '500ms' };
      Object.assign(configuration.upstreams.orders, { connections: 2, timeout: '2s', read_ahead: '1MiB' });
      configuration.operations.getOrder.concurrency = 1;
    } });
  });
  after(() => desk?.close());
  beforeEach(() => (desk.upstream.answer = () => response(200)));

  const slow = async (target, body) => {
    desk.upstream.answer = () => response(200, body);
    const wire = await Wire.open(desk.port, desk.tls);
    wire.socket.pause();
    wire.send(head(desk, 'GET', target));
    await eventually(() => desk.upstream.last?.target === target, 'request at the upstream');
    desk.upstream.answer = () => response(200);
    return wire;
  };

  it('holds no connection to the upstream once the answer is taken in', async () => {
    const before = desk.upstream.connections;
    const wires = [];
    for (let count = 0; count < 6; ++count) wires.push(await slow(`/orders?limit=${count + 1}`, Buffer.alloc(900_000, 'x')));
    for (let count = 0; count < 5; ++count) assert.equal((await desk.get('/orders')).status, 200);
    assert.ok(desk.upstream.connections - before <= 2, `${desk.upstream.connections - before} connections`);
    wires.forEach((wire) => wire.socket.resume());
    for (const wire of wires) assert.equal((await wire.responses())[0].body.length, 900_000);
    wires.forEach((wire) => wire.destroy());
  });

  it('is client_slow, though the upstream’s time is long over, and the answer counts until then', async () => {
    const wire = await slow('/orders/77', Buffer.alloc(64 << 20, 'x'));
    await assertRefused(desk.gatehouse, await desk.get('/orders/78'), { status: 503, error: 'unavailable', reason: 'too_many_at_once', stage: 'limit' });
    const event = await desk.gatehouse.event(({ reason }) => reason === 'client_slow', 'client_slow');
    assert.deepEqual([event.outcome, event.stage, event.operation, event['http.response.status_code'], event.resource.id], ['allowed', 'respond', 'getOrder', 200, '77']);
    assert.ok(event['http.response.body.size'] > 0 && event['http.response.body.size'] < 64 << 20);
    assert.equal((await desk.get('/orders/78')).status, 200, 'its place is free again');
    wire.destroy();
  });

  it('leaves the upstream to others', async () => {
    const wires = [await slow('/orders?limit=11', Buffer.alloc(64 << 20, 'x'))];
    const second = await desk.get('/orders');
    await assertRefused(desk.gatehouse, second, { status: 429, error: 'rate_limited', reason: 'upstream_share', stage: 'call' });
    assert.equal(second.headers['retry-after'], '1');
    assert.equal((await desk.get('/orders', await desk.bearerOf({ sub: 'another' }))).status, 200);
    wires.forEach((wire) => wire.destroy());
    await eventually(async () => (await desk.get('/orders')).status === 200, 'the share is given back');
  });
});

describe('a client that leaves', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  const leave = async (bytes) => {
    let release;
    desk.upstream.answer = () => new Promise((resolve) => (release = resolve));
    const wire = await Wire.open(desk.port, desk.tls);
    wire.send(bytes);
    await eventually(() => release, 'request at the upstream');
    wire.destroy();
    return (answer) => {
      release(answer);
      desk.upstream.answer = () => response(200);
    };
  };

  it('before its order is made has an order, and the record says so', async () => {
    const release = await leave(post(desk));
    // The server has heard that the client is gone when it answers another request on a connection that came later.
    assert.equal((await desk.get('/nothing', {})).status, 404);
    release(response(201, { id: 7 }));
    const event = await desk.gatehouse.event(({ operation, reason }) => operation === 'createOrder' && reason === 'client_gone', 'createOrder');
    assert.deepEqual([event.outcome, event.stage, event['upstream.status_code'], event['http.response.status_code']], ['allowed', 'respond', 201, null]);
    const { stdout } = await desk.folder.run('log', '-c', 'gatehouse.yaml', '--outcome', 'allowed', '--operation', 'createOrder', '--json');
    assert.ok(stdout.includes(event['request.id']), 'log --outcome allowed shows it');
    const why = await desk.folder.run('why', '-c', 'gatehouse.yaml', event['request.id']);
    assert.match(why.stdout, /client_gone/);
  });

  it('before its order is refused by the upstream is recorded correctly', async () => {
    const release = await leave(post(desk));
    assert.equal((await desk.get('/nothing', {})).status, 404);
    release(response(500, 'oops'));
    const event = await desk.gatehouse.event(({ operation, outcome }) => operation === 'createOrder' && outcome === 'failed', 'createOrder');
    assert.deepEqual([event.reason, event['upstream.status_code'], event['http.response.status_code']], ['client_gone', 500, null]);
    assert.match(event.detail, /upstream_error/);
  });

  it('before a read-only operation has ended cancels it', async () => {
    const release = await leave(head(desk, 'GET', '/orders/9'));
    const event = await desk.gatehouse.event(({ operation, reason }) => operation === 'getOrder' && reason === 'client_gone', 'getOrder');
    assert.deepEqual([event.outcome, event['http.response.status_code']], ['failed', null]);
    release(response(200));
  });

  it('in the middle of an answer is recorded as allowed', async () => {
    desk.upstream.answer = () => response(200, Buffer.alloc(64 << 20, 'x'));
    const wire = await Wire.open(desk.port, desk.tls);
    wire.send(head(desk, 'GET', '/orders/5'));
    await wire.until(({ received }) => received.length > 100_000, 'beginning of the answer');
    wire.destroy();
    const event = await desk.gatehouse.event(({ resource }) => resource?.id === '5', 'getOrder');
    assert.deepEqual([event.outcome, event.reason, event['http.response.status_code']], ['allowed', 'client_gone', 200]);
    desk.upstream.answer = () => response(200);
  });
});

describe('a client that leaves while a statement or a handler works', unlessBuilt, () => {
  it('is named in the event, and a committed change is allowed', async () => {
    const count = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT max(i) FROM n';
    const desk = await Desk.open({
      change: (configuration, api) => {
        configuration.workers = 1;
        configuration.database = 'sqlite:desk.db';
        for (const [path, operationId, method, statement] of [['/counts', 'addCount', 'post', `INSERT INTO counts(value) ${count}`], ['/counts/now', 'countNow', 'get', count]]) {
          api.paths[path] = { [method]: { operationId, security: [{ userToken: [] }], responses: { 200: { description: 'Done' } } } };
          configuration.operations[operationId] = { permission: 'orders:read', sql: { statement, returns: method === 'get' ? 'one' : 'none' }, timeout: '20s' };
        }
      },
      before: ({ folder }) => makeDatabase(folder, 'desk.db', 'CREATE TABLE counts(value INTEGER);'),
    });
    const leave = async (method, target) => {
      const wire = await Wire.open(desk.port, desk.tls);
      wire.send(head(desk, method, target));
      // The one worker has taken the request when it answers another that came later.
      assert.equal((await desk.get('/nothing', {})).status, 404);
      wire.destroy();
    };
    await leave('POST', '/counts');
    const written = await desk.gatehouse.event(({ operation }) => operation === 'addCount', 'addCount');
    assert.deepEqual([written.outcome, written.reason, written['http.response.status_code']], ['allowed', 'client_gone', null]);
    assert.deepEqual(askDatabase(desk.folder, 'desk.db', 'SELECT value FROM counts'), [[2000000]]);
    await leave('GET', '/counts/now');
    const read = await desk.gatehouse.event(({ operation }) => operation === 'countNow', 'countNow');
    assert.deepEqual([read.outcome, read.reason], ['failed', 'client_gone']);
    await desk.close();
  });
});

describe('a sensitive operation whose answer streams', unlessBuilt, () => {
  let desk, headers;
  before(async () => {
    desk = await Desk.open();
    headers = await desk.bearerOf({ roles: ['admin'] });
  });
  after(() => desk?.close());
  const exported = (wanted) => desk.gatehouse.event((event) => event['event.name'] === 'request' && event.operation === 'exportOrders' && wanted(event), 'exportOrders');

  it('is recorded with all its bytes', async () => {
    desk.upstream.answer = () => response(200, Buffer.alloc(3 << 20, 'x'));
    const answer = await desk.get('/orders/export', headers);
    assert.equal(answer.text.length, 3 << 20);
    const event = await exported((one) => one['request.id'] === answer.headers['x-request-id']);
    assert.deepEqual([event.outcome, event.reason, event['http.response.status_code'], event['http.response.body.size']], ['allowed', null, 200, 3 << 20]);
  });

  it('is recorded as failed where the upstream breaks off, and as allowed where the client does', async () => {
    desk.upstream.answer = (_, socket) => void socket.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n'), Buffer.alloc(400_000, 'x')]));
    await assert.rejects(desk.get('/orders/export', headers));
    const broken = await exported(({ outcome }) => outcome === 'failed');
    assert.equal(broken.reason, 'upstream_malformed');
    assert.ok(broken['http.response.body.size'] <= 400_000);
    desk.upstream.answer = () => response(200, Buffer.alloc(64 << 20, 'x'));
    const wire = await Wire.open(desk.port, desk.tls);
    wire.send(`GET /orders/export HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${headers.authorization}\r\n\r\n`);
    await wire.until(({ received }) => received.length > 100_000, 'beginning of the answer');
    wire.destroy();
    const left = await exported(({ reason }) => reason === 'client_gone');
    assert.deepEqual([left.outcome, left['http.response.status_code']], ['allowed', 200]);
    assert.ok(left['http.response.body.size'] >= 100_000 && left['http.response.body.size'] < 64 << 20);
  });
});

describe('a server that ends', unlessBuilt, () => {
  it('leaves the event of an answer that its client did not take', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.deadlines = { drain: '300ms' }) });
    desk.upstream.answer = () => response(200, Buffer.alloc(64 << 20, 'x'));
    const wire = await Wire.open(desk.port, desk.tls);
    wire.socket.pause();
    wire.send(head(desk, 'GET', '/orders/5'));
    await eventually(() => desk.upstream.last?.target === '/orders/5', 'request at the upstream');
    await desk.gatehouse.stop();
    const event = desk.gatehouse.events().find(({ operation }) => operation === 'getOrder');
    assert.deepEqual([event?.outcome, event?.reason, event?.['http.response.status_code']], ['allowed', 'draining', 200]);
    wire.destroy();
    await desk.close();
  });
});

describe('a client that leaves during the answer of a changing operation', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({ change: (configuration) => {
      Object.assign(configuration.upstreams.orders, { idle: '1s' });
      configuration.operations.createOrder.timeout = '2s';
      configuration.operations.getOrder.timeout = '2s';
    } });
  });
  after(() => desk?.close());

  const begin = 'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n';
  // The upstream's end of the call, when the client has had the first piece, and left.
  const left = async (bytes = post(desk), on = desk) => {
    let upstream;
    on.upstream.answer = (_, socket) => void (upstream = socket).write(begin);
    const wire = await Wire.open(on.port, on.tls);
    wire.send(bytes);
    await wire.until(({ received }) => received.includes('abcde'), 'first piece');
    wire.destroy();
    // When the server answers a later request, it has seen this.
    assert.equal((await on.get('/nothing', {})).status, 404);
    on.upstream.answer = () => response(200);
    return upstream;
  };
  const seen = new Set();
  const ended = async (operation = 'createOrder') => {
    const event = await desk.gatehouse.event((one) => one.operation === operation && !seen.has(one['request.id']), operation);
    seen.add(event['request.id']);
    return [event.outcome, event.reason, event['http.response.status_code'], event.detail ?? ''];
  };

  it('lets the upstream come to its end, and it was done', async () => {
    const upstream = await left();
    for (let count = 0; count < 3; ++count) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.ok(!upstream.destroyed && upstream.readyState === 'open', 'the upstream still has its connection');
      upstream.write('1\r\n.\r\n');
    }
    upstream.write('0\r\n\r\n');
    assert.deepEqual(await ended(), ['allowed', 'client_gone', 201, '']);
  });

  for (const [what, how, detail] of [
    ['breaks off', (upstream) => upstream.destroy(), /^upstream_malformed: /],
    ['falls silent', () => {}, /^upstream_late: /],
    ['has no end', (upstream) => {
      const timer = setInterval(() => (upstream.destroyed ? clearInterval(timer) : upstream.write('1\r\n.\r\n')), 50);
      upstream.on('close', () => clearInterval(timer));
    }, /^upstream_late: .*timeout/],
  ]) {
    it(`and whose upstream ${what} has failed`, async () => {
      how(await left());
      const [outcome, reason, status, text] = await ended();
      assert.deepEqual([outcome, reason, status], ['failed', 'client_gone', 201]);
      assert.match(text, detail);
    });
  }

  it('before the head has come: the rest decides', async () => {
    for (const [end, outcome] of [['0\r\n\r\n', 'allowed'], [undefined, 'failed']]) {
      let upstream;
      desk.upstream.answer = (_, socket) => void (upstream = socket);
      const wire = await Wire.open(desk.port, desk.tls);
      wire.send(post(desk));
      await eventually(() => upstream, 'request at the upstream');
      wire.destroy();
      assert.equal((await desk.get('/nothing', {})).status, 404);
      upstream.write(begin);
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (end) upstream.write(end);
      else upstream.destroy();
      assert.deepEqual((await ended()).slice(0, 3), [outcome, 'client_gone', null]);
      desk.upstream.answer = () => response(200);
    }
  });

  it('or is too slow: all of the answer is taken from the upstream', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.deadlines = { answer: '500ms' }) });
    const size = 64 << 20;
    let upstream;
    desk.upstream.answer = (_, socket) => (upstream = socket) && response(201, Buffer.alloc(size, 'x'));
    const wire = await Wire.open(desk.port, desk.tls);
    wire.socket.pause();
    wire.send(post(desk));
    const event = await desk.gatehouse.event(({ operation }) => operation === 'createOrder', 'createOrder');
    assert.deepEqual([event.outcome, event.reason, event['http.response.status_code']], ['allowed', 'client_slow', 201]);
    assert.ok(event['http.response.body.size'] < size);
    assert.ok(upstream.bytesWritten >= size && upstream.writableLength === 0, 'the upstream has got rid of all');
    wire.destroy();
    await desk.close();
  });

  it('because its credential has ended: the same', async () => {
    const key = await desk.createKey();
    const upstream = await (async () => {
      let socket;
      desk.upstream.answer = (_, to) => void (socket = to).write(begin);
      const wire = await Wire.open(desk.port, desk.tls);
      wire.send(post(desk).replace(/Authorization: .*\r\n/, `x-api-key: ${key.key}\r\n`));
      await wire.until(({ received }) => received.includes('abcde'), 'first piece');
      const { status } = await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', key.id);
      assert.equal(status, 0);
      const timer = setInterval(() => socket.write('1\r\n.\r\n'), 50);
      await wire.closedByServer(4000);
      clearInterval(timer);
      return socket;
    })();
    assert.equal(upstream.readyState, 'open');
    upstream.write('0\r\n\r\n');
    assert.deepEqual(await ended(), ['allowed', 'credential_revoked', 201, '']);
  });

  it('and only reads lets go of the upstream at once', async () => {
    const upstream = await left(head(desk, 'GET', '/orders/9'));
    await eventually(() => upstream.destroyed || upstream.readyState !== 'open', 'end of the upstream’s connection');
    assert.deepEqual(await ended('getOrder'), ['allowed', 'client_gone', 201, '']);
  });
});

describe('a drain during the answer of a changing operation', unlessBuilt, () => {
  for (const gone of [false, true]) {
    it(`says that nobody knows what it did${gone ? ', also of a client that has left' : ''}`, async () => {
      const desk = await Desk.open({ change: (configuration) => (configuration.deadlines = { drain: '300ms' }) });
      desk.upstream.answer = (_, socket) => void socket.write('HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n');
      const wire = await Wire.open(desk.port, desk.tls);
      wire.send(post(desk));
      await wire.until(({ received }) => received.includes('abcde'), 'first piece');
      if (gone) {
        wire.destroy();
        assert.equal((await desk.get('/nothing', {})).status, 404);
      }
      desk.gatehouse.signal('SIGTERM');
      assert.equal((await desk.gatehouse.ended()).code, 0);
      const event = await desk.gatehouse.event(({ operation }) => operation === 'createOrder', 'createOrder');
      assert.deepEqual([event.outcome, event.reason, event['http.response.status_code']], ['failed', gone ? 'client_gone' : 'draining', 201]);
      assert.match(event.detail, /unknown/);
      wire.destroy();
      await desk.close();
    });
  }
});

describe('a client that leaves behind requests that nobody has read', unlessBuilt, () => {
  it('is seen to leave, and gives back what it held', async () => {
    const desk = await Desk.open({ change: (configuration) => {
      configuration.workers = 1;
      configuration.upstreams.orders.timeout = '60s';
      Object.assign(configuration.operations.getOrder, { concurrency: 1, timeout: '60s' });
    } });
    let asked = 0;
    desk.upstream.answer = () => (++asked, new Promise(() => {}));
    const wire = await Wire.open(desk.port, desk.tls);
    wire.send(head(desk, 'GET', '/orders/77'));
    await eventually(() => asked === 1, 'request at the upstream');
    // More than the server's kernel takes: the rest, and the end behind it, wait in the client's.
    wire.send(head(desk, 'GET', '/orders/78').repeat(Math.ceil(400_000 / head(desk, 'GET', '/orders/78').length)));
    await eventually(() => wire.socket.writableLength === 0 || wire.socket.bytesWritten > 200_000, 'bytes on their way');
    wire.destroy();
    const event = await desk.gatehouse.event(({ reason }) => reason === 'client_gone', 'client_gone');
    assert.deepEqual([event.outcome, event.operation, event.resource.id], ['failed', 'getOrder', '77']);
    assert.equal(asked, 1);
    desk.upstream.answer = () => response(200);
    assert.equal((await desk.get('/orders/79')).status, 200, 'its place is free again');
    await desk.close();
  });
});
