// A credential that is revoked while its request waits: the operation is not done, for every kind of wait.
// Rooms: gate core store crypto target server app

import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, it } from 'node:test';

import { Desk, Wire, askDatabase, assertRefused, eventually, lockDatabase, makeDatabase, response, undiciClient, unlessBuilt } from './harness.mjs';

const denied = (reason) => ({ status: 401, error: 'authentication_required', reason, stage: 'authenticate' });
const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } };
const security = [{ partnerKey: [] }, { userToken: [] }];
const responses = { 200: { description: 'Done' } };

const metric = async (desk, name) => {
  const text = await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name} (.*)$`, 'm'))[1]);
};
const revoke = async (desk, key) => {
  const { status, stderr } = await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', key.id);
  assert.equal(status, 0, stderr);
};

describe('a key that is revoked while its request waits', unlessBuilt, () => {
  // Operations that write, with and without an object that is looked up in the transaction, and one that has its conditions in the statement.
  const openSql = () => Desk.open({
    change: (configuration, api) => {
      configuration.database = 'sqlite:desk.db';
      const resource = { sql: 'SELECT customer FROM orders WHERE id = :path.id' };
      for (const [name, settings] of Object.entries({
        plain: { sql: { statement: 'UPDATE orders SET done = done + 1 WHERE id = :path.id', returns: 'none' } },
        guarded: { sql: { statement: 'UPDATE orders SET done = done + 1 WHERE id = :path.id RETURNING id', returns: 'one' }, resource, when: 'resource.customer == principal.id' },
        judged: { sql: { statement: 'INSERT INTO orders SELECT NULL, customer, 1 FROM orders WHERE id = :path.id', returns: 'none' }, resource, when: 'resource.customer.startsWith(principal.id)' },
      })) {
        api.paths[`/${name}/{id}`] = { post: { operationId: name, security, parameters: [id], responses } };
        configuration.operations[name] = { permission: 'orders:write', ...settings };
      }
    },
    before: ({ folder }) => makeDatabase(folder, 'desk.db',
      "CREATE TABLE orders(id INTEGER PRIMARY KEY, customer TEXT, done INTEGER); INSERT INTO orders VALUES (1, 'partner:acme', 0);"),
  });

  for (const operation of ['plain', 'guarded', 'judged']) {
    it(`for the database's one writer (${operation}) changes nothing`, async () => {
      const desk = await openSql();
      const key = await desk.createKey();
      const rows = () => askDatabase(desk.folder, 'desk.db', 'SELECT * FROM orders');
      const before = rows();
      const lock = await lockDatabase(desk.folder, 'desk.db');
      const asked = desk.send('POST', `/${operation}/1`, { headers: { 'x-api-key': key.key } });
      await eventually(async () => (await metric(desk, 'gatehouse_statements_running')) === 1, 'statement that waits');
      await revoke(desk, key);
      await lock.release();
      const event = await assertRefused(desk.gatehouse, await asked, denied('credential_revoked'));
      assert.deepEqual([event['user.id'], event.rule], ['partner:acme', 'partnerKey']);
      assert.deepEqual(rows(), before);

      const other = await desk.createKey();
      assert.ok([200, 204].includes((await desk.send('POST', `/${operation}/1`, { headers: { 'x-api-key': other.key } })).status));
      assert.notDeepEqual(rows(), before);
      await desk.close();
    });
  }

  it('for the object to be looked up does not reach the target', async () => {
    const desk = await Desk.open({ change: ({ operations }) => {
      operations.getOrder = { permission: 'orders:read', resource: { upstream: { path: '/owners/{path.id}' } }, when: 'resource.owner == principal.id' };
    } });
    const key = await desk.createKey();
    let letGo, asked;
    const arrived = new Promise((resolve) => (asked = resolve));
    const held = new Promise((resolve) => (letGo = resolve));
    desk.upstream.answer = async ({ target }) => {
      if (!target.startsWith('/owners/')) return response(200);
      asked();
      await held;
      return response(200, { owner: 'partner:acme' });
    };
    const answer = desk.get('/orders/1', { 'x-api-key': key.key });
    await arrived;
    await revoke(desk, key);
    letGo();
    await assertRefused(desk.gatehouse, await answer, denied('credential_revoked'));
    assert.deepEqual(desk.upstream.requests.map(({ target }) => target), ['/owners/1']);
    const other = await desk.createKey();
    assert.equal((await desk.get('/orders/1', { 'x-api-key': other.key })).status, 200);
    await desk.close();
  });

  for (const [what, operation, first] of [
    ['is not sent', {}, /^GET \/orders\/1 /],
    ['asks for no object', { resource: { upstream: { path: '/owners/{path.id}' } }, when: 'resource.owner == principal.id' }, /^GET \/owners\/1 /],
  ]) it(`for a connection to the upstream ${what}`, async () => {
    const sockets = [], open = [];
    const kept = (socket) => open.push(socket.on('error', () => {})) && socket;
    const waiting = createServer((socket) => sockets.push(kept(socket)));
    await new Promise((resolve) => waiting.listen(0, '127.0.0.1', resolve));
    let received = '';
    let behind;
    const desk = await Desk.open({ change: ({ upstreams, operations }, _, { authority }) => {
      Object.assign(operations.getOrder, operation);
      const { cert, key } = authority.issue('backend');
      behind = createTlsServer({ cert, key }, (socket) => kept(socket).on('data', (bytes) => {
        received += bytes;
        socket.write(response(200, { owner: 'partner:acme' }));
      }));
      upstreams.orders = { url: `https://127.0.0.1:${waiting.address().port}`, ca: 'ca.crt', connect_timeout: '5s', timeout: '5s' };
    } });
    await new Promise((resolve) => behind.listen(0, '127.0.0.1', resolve));
    const letIn = (socket) => socket.pipe(kept(connect(behind.address().port, '127.0.0.1'))).pipe(socket);
    const key = await desk.createKey();
    const asked = desk.get('/orders/1', { 'x-api-key': key.key });
    await eventually(() => sockets.length === 1, 'connection');
    await revoke(desk, key);
    letIn(sockets[0]);
    await assertRefused(desk.gatehouse, await asked, denied('credential_revoked'));
    assert.equal(received, '');
    waiting.on('connection', letIn);
    const other = await desk.createKey();
    assert.equal((await desk.get('/orders/1', { 'x-api-key': other.key })).status, 200);
    assert.match(received, first);
    await desk.close();
    waiting.close();
    behind.close();
    for (const socket of open) socket.destroy();
  });

  it('is not a rotated key: the old one stays valid for its overlap', async () => {
    const desk = await openSql();
    const key = await desk.createKey();
    const lock = await lockDatabase(desk.folder, 'desk.db');
    const asked = desk.send('POST', '/plain/1', { headers: { 'x-api-key': key.key } });
    await eventually(async () => (await metric(desk, 'gatehouse_statements_running')) === 1, 'statement that waits');
    assert.equal((await desk.folder.run('key', 'rotate', '-c', 'gatehouse.yaml', key.id)).status, 0);
    await lock.release();
    assert.equal((await asked).status, 204);
    await desk.close();
  });
});

describe('a certificate that is taken back while its request waits', unlessBuilt, () => {
  it('for the disk to take its intent does nothing', async () => {
    let pair;
    const desk = await Desk.open({ change: (configuration, api, { clients }) => {
      pair = clients.issue('machine', { subject: '/CN=machine', use: 'clientAuth' });
      clients.takeBack([]);
      configuration.tls.client_crl = 'clients.crl';
      configuration.operations.listSettlements.sensitive = 'settlements';
      api.paths['/balances'] = { get: { operationId: 'listBalances', security: [{ partnerCertificate: [] }], responses } };
      configuration.operations.listBalances = { permission: 'profile:read' };
    } });
    const client = undiciClient({ ca: desk.authority.certificate, ...pair });
    const ask = (path) => desk.send('GET', path, { headers: {}, client });
    assert.equal((await ask('/settlements')).status, 200);
    const arrived = desk.upstream.requests.filter(({ target }) => target === '/settlements').length;
    const lock = await lockDatabase(desk.folder, 'state.db');
    const asked = ask('/settlements');
    desk.clients.takeBack([pair]);
    await eventually(async () => (await ask('/balances')).status === 401, 'end of the certificate');
    await lock.release();
    await assertRefused(desk.gatehouse, await asked, denied('credential_revoked'));
    assert.equal(desk.upstream.requests.filter(({ target }) => target === '/settlements').length, arrived);
    client.close();
    await desk.close();
  });
});

describe('a token that ends while its request waits', unlessBuilt, () => {
  it('for the object to be looked up does nothing', async () => {
    const desk = await Desk.open({ change: ({ authenticators, operations }) => {
      authenticators.userToken.leeway = '0s';
      operations.getOrder = { permission: 'orders:read', resource: { upstream: { path: '/owners/{path.id}' } }, when: 'resource.owner == principal.id' };
    } });
    const headers = await desk.bearerOf({ exp: Math.floor(Date.now() / 1000) + 3 });
    desk.upstream.answer = async ({ target }) => {
      if (target.startsWith('/owners/')) {
        await eventually(async () => (await desk.get('/orders', headers)).status === 401, 'end of the token');
        return response(200, { owner: 'ann' });
      }
      return response(200);
    };
    await assertRefused(desk.gatehouse, await desk.get('/orders/1', headers), denied('credential_expired'));
    assert.ok(desk.upstream.requests.every(({ target }) => target !== '/orders/1'));
    await desk.close();
  });

  it('because its issuer has withdrawn the key that signed it does nothing', async () => {
    const desk = await Desk.open({ change: ({ operations }) => {
      operations.getOrder = { permission: 'orders:read', resource: { upstream: { path: '/owners/{path.id}' } }, when: 'resource.owner == principal.id' };
    } });
    const headers = await desk.bearerOf({ roles: ['clerk'], sub: 'ann' });
    let withdraw = true;
    desk.upstream.answer = async ({ target }) => {
      if (!target.startsWith('/owners/')) return response(200);
      if (withdraw) {
        desk.folder.write('keys.json', { keys: [] });
        await eventually(async () => (await desk.get('/orders', headers)).status === 401, 'end of the key');
      }
      return response(200, { owner: 'ann' });
    };
    await assertRefused(desk.gatehouse, await desk.get('/orders/1', headers), denied('credential_unknown'));
    withdraw = false;
    desk.folder.write('keys.json', desk.issuer.jwks);
    await eventually(async () => (await desk.get('/orders/1', headers)).status === 200, 'the key again');
    await desk.close();
  });
});

describe('a reload while a request waits', unlessBuilt, () => {
  const denies = (reason, status = 403) => ({ status, error: status === 403 ? 'forbidden' : 'not_found', reason });
  const bytes = { required: true, content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } };
  const open = (change = () => {}) => Desk.open({ change: (configuration, api, desk) => {
    api.paths['/files'] = { post: { operationId: 'upload', security, requestBody: bytes, responses } };
    configuration.operations.upload = { permission: 'orders:write', body: '1MiB' };
    change(configuration, api, desk);
  } });
  const reload = async (desk, change) => {
    change(desk.configuration, desk.api);
    desk.writeFiles();
    const reloads = () => desk.gatehouse.output.match(/reloaded/g)?.length ?? 0;
    const before = reloads();
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => reloads() > before, 'reload');
  };
  const file = ['/files', 'application/octet-stream', 'x'.repeat(100_000)]; // goes on as it comes
  // A request of which the half of the body has arrived, and the gates before the body have decided.
  const half = async (desk, { key, fields: more }, path = '/orders', type = 'application/json', body = JSON.stringify({ title: 'pen', quantity: 1 })) => {
    const wire = await Wire.open(desk.port, desk.tls);
    const fields = { Host: 'localhost', 'Content-Type': type, 'Content-Length': body.length, Expect: '100-continue', ...(more ?? { 'X-API-Key': key }) };
    wire.send(`POST ${path} HTTP/1.1\r\n${Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    await wire.until(({ received }) => received.includes('100 Continue\r\n\r\n'), 'go-ahead');
    wire.received = Buffer.alloc(0);
    wire.send(body.slice(0, 9));
    return { rest: async () => (await wire.send(body.slice(9)).responses()).at(-1), wire };
  };

  for (const [what, change, expected] of [
    ['blocks its principal', (configuration) => (configuration.blocked = { principals: ['partner:acme'] }), denies('principal_blocked')],
    ['blocks its address', (configuration) => (configuration.blocked = { addresses: ['127.0.0.1'] }), denies('address_blocked')],
    ['takes its permission', ({ roles }) => (roles.partner = ['orders:read']), denies('permission_missing')],
    ['has another condition', ({ operations }) => (operations.createOrder.when = 'request.body.quantity > 1'), denies('condition_false')],
    ['excludes its operation', ({ operations }) => (operations.createOrder = { exclude: 'later' }), denies('no_such_operation', 404)],
  ]) it(`for its body ${what}: it does nothing`, async () => {
    const desk = await open();
    const waiting = await half(desk, await desk.createKey());
    await reload(desk, change);
    const event = await assertRefused(desk.gatehouse, await waiting.rest(), expected);
    assert.deepEqual([event['user.id'], event.operation], ['partner:acme', 'createOrder']);
    assert.equal(desk.upstream.requests.length, 0);
    await desk.close();
  });

  it('lets it go on where the new policy admits it too', async () => {
    const desk = await open();
    const waiting = [await half(desk, await desk.createKey()), await half(desk, await desk.createKey(), ...file)];
    await reload(desk, (configuration) => Object.assign(configuration, { blocked: { principals: ['partner:other'] } }));
    for (const one of waiting) assert.equal((await one.rest()).status, 200);
    await desk.close();
  });

  it('ends an upload whose principal it blocks before the upstream has the whole', async () => {
    const desk = await open();
    const waiting = await half(desk, await desk.createKey(), ...file);
    await reload(desk, (configuration) => (configuration.blocked = { principals: ['partner:acme'] }));
    waiting.wire.send('x');
    const event = await desk.gatehouse.event(({ operation, reason }) => operation === 'upload' && reason === 'principal_blocked');
    assert.equal(event['user.id'], 'partner:acme');
    assert.deepEqual(desk.upstream.requests, []);
    waiting.wire.destroy();
    await desk.close();
  });

  it('is asked again before another attempt (`retries`)', async () => {
    const desk = await open(({ upstreams }) => (upstreams.orders.retries = 2));
    const key = await desk.createKey();
    const sockets = [];
    desk.upstream.answer = (_, socket) => void sockets.push(socket);
    const asked = desk.get('/orders/1', { 'x-api-key': key.key });
    await eventually(() => sockets.length === 1, 'first attempt');
    await reload(desk, (configuration) => (configuration.blocked = { principals: ['partner:acme'] }));
    sockets[0].destroy();
    const { status, headers } = await asked;
    assert.equal(status, 502, 'the upstream had the first attempt: a refusal would deny it');
    const event = await desk.gatehouse.eventOf(headers['x-request-id']);
    assert.match(event.detail, /it was not asked again: principal_blocked$/);
    assert.equal(desk.upstream.requests.length, 1);
    await desk.close();
  });

  it('onto keys that are still being fetched refuses it: nobody knows yet whether the new policy admits it', async () => {
    const desk = await open();
    const slow = createServer((socket) => void held.add(socket.on('error', () => {})));
    const held = new Set();
    await new Promise((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const headers = await desk.bearerOf({ roles: ['clerk'], sub: 'ann' });
    const waiting = await half(desk, { fields: { Authorization: headers.authorization } });
    await reload(desk, ({ authenticators }) => (authenticators.userToken.jwks = `http://127.0.0.1:${slow.address().port}/keys`));
    const answer = await waiting.rest();
    await assertRefused(desk.gatehouse, answer, { status: 503, error: 'unavailable', reason: 'keys_unavailable' });
    assert.equal(answer.headers['retry-after'], '5');
    assert.deepEqual(desk.upstream.requests, []);
    for (const socket of held) socket.destroy();
    slow.close();
    await desk.close();
  });
});

describe('a reload while an answer goes on', unlessBuilt, () => {
  for (const [what, change, end] of [
    ['takes its keys from elsewhere: their withdrawal there ends it', ({ jwt, folder, keys }) => {
      folder.write('moved.json', keys);
      jwt.jwks = 'file:moved.json';
    }, (desk) => desk.folder.write('moved.json', { keys: [] })],
    ['allows its token less time: it ends then', ({ jwt }) => (jwt.leeway = '0s'), () => {}, 3],
  ]) it(what, async () => {
    const desk = await Desk.open();
    const exp = Math.floor(Date.now() / 1000) + 3;
    const headers = await desk.bearerOf({ roles: ['clerk'], sub: 'ann', ...(what.includes('less time') && { exp }) });
    desk.upstream.answer = (_, socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n');
    const wire = await Wire.open(desk.port, desk.tls);
    wire.send(`GET /orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${headers.authorization}\r\n\r\n`);
    await wire.until(({ received }) => received.includes('abcde'), 'first piece');
    change({ jwt: desk.configuration.authenticators.userToken, folder: desk.folder, keys: desk.issuer.jwks });
    desk.writeFiles();
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => desk.gatehouse.output.includes('gatehouse: reloaded'), 'reload');
    end(desk);
    await wire.until(({ closed }) => closed, 'end of the answer');
    const event = await desk.gatehouse.event(({ operation, reason }) => operation === 'listOrders' && reason?.startsWith('credential_'));
    assert.equal(event['user.id'], 'ann');
    await desk.close();
  });
});
