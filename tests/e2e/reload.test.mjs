// Reload and drain, under load: no request is dropped, no connection broken, and a wrong configuration
// changes nothing.
// Rooms: app server store

import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { connect } from 'node:tls';

import { Authority, Desk, Gatehouse, Wire, accepts, assertRefused, eventually, freePort, load, makeDatabase, response, undiciClient, unlessBuilt } from './harness.mjs';

const serial = (desk) => new Promise((resolve, reject) => {
  const socket = connect({ port: desk.port, host: '127.0.0.1', servername: 'localhost', ca: desk.authority.certificate }, () => {
    resolve(socket.getPeerCertificate().serialNumber);
    socket.destroy();
  }).on('error', reject);
});

describe('SIGHUP', unlessBuilt, () => {
  it('takes up a new policy under load, and every request gets an answer', async () => {
    const desk = await Desk.open();
    const { clerk } = desk.configuration.roles;
    assert.equal((await desk.get('/users')).status, 403);
    const working = load(desk);
    for (let turn = 0; turn < 5; ++turn) {
      desk.configuration.roles.clerk = [...clerk, ...(turn % 2 ? [] : ['users:read'])];
      desk.writeFiles();
      const before = working.total();
      desk.gatehouse.signal('SIGHUP');
      const expected = turn % 2 ? 403 : 200;
      await eventually(async () => (await desk.get('/users')).status === expected, 'new policy');
      await eventually(() => working.total() > before + 50, 'load that goes on');
    }
    const seen = await working.stop();
    assert.deepEqual([...seen.keys()], [200], JSON.stringify([...seen]));
    await desk.close();
  });

  // GATEHOUSE_RELOADS=10000 for the long run.
  it('again and again under load loses no request', async () => {
    const desk = await Desk.open();
    const { clerk } = desk.configuration.roles;
    const working = load(desk);
    const times = Number(process.env.GATEHOUSE_RELOADS ?? 100);
    for (let turn = 1; turn <= times; ++turn) {
      desk.configuration.roles.clerk = [...clerk, ...(turn % 2 ? ['users:read'] : [])];
      desk.writeFiles();
      desk.gatehouse.signal('SIGHUP');
      await eventually(() => desk.gatehouse.output.split('gatehouse: reloaded').length > turn, `reload ${turn}`);
    }
    assert.equal((await desk.get('/users')).status, times % 2 ? 200 : 403);
    const seen = await working.stop();
    assert.deepEqual([...seen.keys()], [200], JSON.stringify([...seen]));
    assert.equal(desk.gatehouse.output.split('gatehouse: reloaded').length - 1, times);
    await desk.close();
  });

  it('with other certificates, keys that end and callers of every kind: each answer has its one event', async () => {
    const desk = await Desk.open();
    const { id, key } = await desk.createKey();
    const ids = [];
    const statuses = { key: new Set(), others: new Set() };
    let running = true;
    const ask = async (kind, target, headers) => {
      const client = undiciClient({ ca: desk.authority.certificate, connections: 1 });
      while (running) {
        const answer = await desk.send('GET', target, { headers, client });
        ids.push(answer.headers['x-request-id']);
        statuses[kind].add(answer.status);
      }
      client.close();
    };
    const work = [ask('key', '/orders/1', { 'x-api-key': key }), ask('key', '/orders', { 'x-api-key': key }), ask('others', '/orders/1', desk.bearer),
      ask('others', '/users', desk.bearer), ask('others', '/orders/x', desk.bearer), ask('others', '/catalogue', {}), ask('others', '/orders', { authorization: 'Bearer abc' }), ask('others', '/nothing', {})];
    for (let turn = 0; turn < 4; ++turn) {
      const [before, answered] = [await serial(desk), ids.length];
      desk.authority.issue('server');
      desk.gatehouse.signal('SIGHUP');
      await eventually(async () => (await serial(desk)) !== before && ids.length > answered + 100, 'the next certificate');
    }
    assert.deepEqual([...statuses.key], [200]);
    await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id);
    const revoked = ids.length;
    const { status } = await desk.get('/orders/1', { 'x-api-key': key });
    assert.equal(status, 401);
    await eventually(() => ids.length > revoked + 100, 'load that goes on');
    running = false;
    await Promise.all(work);
    await desk.gatehouse.eventOf(ids.at(-1));
    assert.deepEqual([...statuses.key].sort(), [200, 401]);
    assert.deepEqual([...statuses.others].sort(), [200, 400, 401, 403, 404]);
    await desk.gatehouse.stop();
    const recorded = desk.gatehouse.events().filter((event) => event['event.name'] === 'request').map((event) => event['request.id']);
    assert.equal(new Set(recorded).size, recorded.length, 'no event twice');
    assert.equal(recorded.length, ids.length + 1, 'no request without');
    await desk.close();
  });

  it('lets uploads that are under way go on to their end', async () => {
    const arrived = [];
    const service = createServer((request, answer) => {
      const seen = { size: 0, whole: false };
      arrived.push(seen);
      request.on('data', (piece) => (seen.size += piece.length)).on('end', () => (seen.whole = request.complete) && answer.end('{}')).on('error', () => {});
    });
    await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
    const desk = await Desk.open({
      change: (configuration, api) => {
        api.paths['/files'] = { post: { operationId: 'addFile', security: [{ userToken: [] }], requestBody: { content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } }, responses: { 200: { description: 'ok' } } } };
        configuration.operations.addFile = { permission: 'orders:write', upstream: 'files', body: '8MiB' };
        configuration.upstreams.files = { url: `http://127.0.0.1:${service.address().port}` };
      },
    });
    const [piece, pieces] = ['x'.repeat(50_000), 6]; // longer than what is read as a whole
    const begin = async (framing) => (await Wire.open(desk.port, desk.tls)).send(`POST /files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\nContent-Type: application/octet-stream\r\n${framing}\r\n\r\n`);
    const chunk = `${piece.length.toString(16)}\r\n${piece}\r\n`;
    const uploads = [];
    for (const chunked of [true, false, true, false]) {
      const wire = await begin(chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${pieces * piece.length}`);
      uploads.push({ wire, send: () => wire.send(chunked ? chunk : piece), end: () => chunked && wire.send('0\r\n\r\n') });
    }
    for (let count = 1; count <= pieces; ++count) {
      for (const { send } of uploads) send();
      await eventually(() => arrived.length === uploads.length && arrived.every(({ size }) => size === count * piece.length), `piece ${count} of each`);
      desk.writeFiles();
      desk.gatehouse.signal('SIGHUP');
      await eventually(() => desk.gatehouse.output.split('gatehouse: reloaded').length > count, `reload ${count}`);
    }
    for (const { wire, end } of uploads) {
      end();
      assert.equal((await wire.responses())[0].status, 200);
    }
    assert.deepEqual(arrived, uploads.map(() => ({ size: pieces * piece.length, whole: true })));
    for (const { wire } of uploads) wire.destroy();
    await desk.close();
    service.closeAllConnections();
    await new Promise((resolve) => service.close(resolve));
  });

  it('with a wrong configuration changes nothing and reports the problems', async () => {
    const desk = await Desk.open();
    desk.configuration.operations.getOrder.permission = undefined;
    desk.configuration.nonsense = true;
    desk.writeFiles();
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => /\d+ problems in gatehouse\.yaml: the configuration is unchanged/.test(desk.gatehouse.output), 'report of the problems');
    assert.match(desk.gatehouse.output, /gatehouse\.yaml:\d+:\d+: .*nonsense/);
    assert.doesNotMatch(desk.gatehouse.output, /nothing was started|would not start/, 'it is running');
    assert.equal((await desk.get('/orders/1')).status, 200);
    await desk.close();
  });

  it('drops the old policy\'s cache of tokens', async () => {
    const desk = await Desk.open();
    assert.equal((await desk.get('/orders/1')).status, 200);
    desk.configuration.roles.clerk = desk.configuration.roles.clerk.filter((permission) => permission !== 'orders:read');
    desk.writeFiles();
    desk.gatehouse.signal('SIGHUP');
    await eventually(async () => (await desk.get('/orders/1')).status === 403, 'refusal under the new policy');
    await desk.close();
  });
});

describe('a reload keeps its promises:', unlessBuilt, () => {
  const reloads = (desk) => desk.gatehouse.output.match(/reloaded|the configuration is unchanged/g)?.length ?? 0;
  const reload = async (desk) => {
    const before = reloads(desk);
    desk.writeFiles();
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => reloads(desk) > before, 'reload');
  };

  it('a setting that changes with a restart only is refused by name, and nothing of the rest is taken up', async () => {
    const desk = await Desk.open();
    const port = await freePort();
    const kept = structuredClone(desk.configuration);
    desk.folder.write('other.pepper', desk.folder.read('state.pepper'));
    const changes = {
      'listen.https': (configuration) => (configuration.listen.https = `127.0.0.1:${port}`),
      'listen.http.address': (configuration) => (configuration.listen.http = { address: `127.0.0.1:${port}`, do: 'reject' }),
      'listen.admin': (configuration) => (configuration.listen.admin = `127.0.0.1:${port}`),
      store: (configuration) => (configuration.store = 'sqlite:other.db'),
      key_pepper: (configuration) => (configuration.key_pepper = 'file:other.pepper'),
      assertion_key: (configuration) => (configuration.assertion_key = 'file:server.key'),
      log: (configuration) => configuration.log.push('stdout'),
      keep_events: (configuration) => (configuration.keep_events = '7d'),
      workers: (configuration) => (configuration.workers = 3),
    };
    for (const [name, change] of Object.entries(changes)) {
      desk.configuration = structuredClone(kept);
      desk.configuration.roles.clerk.push('users:read');
      change(desk.configuration);
      await reload(desk);
      assert.ok(desk.gatehouse.output.endsWith(`\`${name}\` changes only with a restart; the configuration is unchanged\n`), `${name}: ${desk.gatehouse.output}`);
      assert.equal((await desk.get('/users')).status, 403);
      assert.ok(!(await accepts(port)));
    }
    desk.configuration = structuredClone(kept);
    desk.configuration.roles.clerk.push('users:read');
    await reload(desk);
    assert.equal((await desk.get('/users')).status, 200);
    await desk.close();
  });

  it('a request whose head began before it is served under the new policy', async () => {
    const desk = await Desk.open();
    const { key } = await desk.createKey();
    const wire = await Wire.open(desk.port, desk.tls);
    wire.send('GET /orders HTTP/1.1\r\nHost: localhost\r\n');
    await new Promise((resolve) => setTimeout(resolve, 100)); // it has arrived
    desk.configuration.blocked = { principals: ['partner:acme'] };
    await reload(desk);
    const answer = (await wire.send(`X-API-Key: ${key}\r\n\r\n`).responses()).at(-1);
    await assertRefused(desk.gatehouse, answer, { status: 403, error: 'forbidden', reason: 'principal_blocked' });
    wire.destroy();
    await desk.close();
  });

  it('limits keep their counts by name and rule, at any place', async () => {
    const desk = await Desk.open({ change: (configuration) => {
      configuration.limits.rare = { per: 'principal', rate: '2/h', burst: 2 };
      configuration.operations.listUsers = { permission: 'orders:read', limits: ['rare'] };
    } });
    const status = async () => (await desk.get('/users')).status;
    assert.deepEqual([await status(), await status(), await status()], [200, 200, 429]);
    for (const name of ['another', 'zebra']) desk.configuration.limits[name] = { per: 'ip', rate: '7/s' };
    await reload(desk);
    assert.equal(await status(), 429, 'as it was');
    desk.configuration.limits.rare.rate = '3/h';
    await reload(desk);
    assert.equal(await status(), 200, 'another rule is another limit');
    await desk.close();
  });

  it('connections to an upstream stay while its settings do', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.workers = 1) });
    await desk.get('/orders/1');
    for (let turn = 0; turn < 3; ++turn) {
      desk.configuration.roles.clerk.push(`turn:${turn}`);
      await reload(desk);
      assert.equal((await desk.get('/orders/1')).status, 200);
    }
    assert.equal(desk.upstream.connections, 1);
    desk.configuration.upstreams.orders.timeout = '4s';
    await reload(desk);
    assert.equal((await desk.get('/orders/1')).status, 200);
    assert.equal(desk.upstream.connections, 2);
    await desk.close();
  });

  it('statements run on the file that they were checked against, and on no other', async () => {
    const table = (title) => `CREATE TABLE titles(title TEXT); INSERT INTO titles VALUES ('${title}');`;
    const desk = await Desk.open({
      change: (configuration) => {
        configuration.database = 'sqlite:one.db';
        configuration.operations.listUsers = { permission: 'orders:read', sql: { statement: 'SELECT title FROM titles', returns: 'list' } };
      },
      before: ({ folder }) => ['one', 'two', 'three'].forEach((name) => makeDatabase(folder, `${name}.db`, table(name))),
    });
    const titles = async () => (await desk.get('/users')).json().map(({ title }) => title);
    assert.deepEqual(await titles(), ['one']);
    desk.configuration.database = 'sqlite:two.db';
    await reload(desk);
    assert.deepEqual(await titles(), ['two']);
    renameSync(`${desk.folder.path}/three.db`, `${desk.folder.path}/two.db`);
    const event = await assertRefused(desk.gatehouse, await desk.get('/users'), { status: 500, error: 'internal_error', reason: 'database_failed', outcome: 'failed' });
    assert.match(event.detail, /two\.db is not the file that the statements were checked against/);
    await reload(desk);
    assert.deepEqual(await titles(), ['three']);
    await desk.close();
  });
});

describe('certificates', unlessBuilt, () => {
  it('that change on disk are taken up without a signal, and no connection breaks', async () => {
    const desk = await Desk.open();
    const old = await serial(desk);
    const kept = await Wire.open(desk.port, desk.tls);
    const working = load(desk);
    desk.authority.issue('server');
    await eventually(async () => (await serial(desk)) !== old, 'new certificate');
    assert.equal((await kept.send('GET /catalogue HTTP/1.1\r\nHost: localhost\r\n\r\n').responses())[0].status, 200);
    assert.deepEqual([...(await working.stop()).keys()], [200]);
    kept.destroy();
    await desk.close();
  });

  it('of clients count no longer than the authority that vouched for them, though their connection was kept', async () => {
    const desk = await Desk.open();
    const pair = desk.clients.issue('acme', { subject: '/CN=acme', use: 'clientAuth' });
    const kept = await Wire.open(desk.port, { ...desk.tls, ...pair });
    const ask = 'GET /settlements HTTP/1.1\r\nHost: localhost\r\n\r\n';
    assert.equal((await kept.send(ask).responses())[0].status, 200);
    desk.authority.issue('server');  // another certificate of ours is not a reason to close the connection
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => /reloaded/.test(desk.gatehouse.output), 'reload');
    assert.equal((await kept.send(ask).responses(2))[1].status, 200);
    new Authority(desk.folder.path, 'clients');
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => desk.gatehouse.output.match(/reloaded/g).length > 1, 'second reload');
    const arrived = desk.upstream.requests.length;
    await kept.send(ask).closedByServer();
    assert.equal(desk.upstream.requests.length, arrived);
    await assert.rejects(Wire.open(desk.port, { ...desk.tls, ...pair }).then((wire) => wire.send(ask).responses()));
    await desk.close();
  });

  it('that do not fit their key are not taken up', async () => {
    const desk = await Desk.open();
    const old = await serial(desk);
    desk.authority.issue('other');
    desk.folder.write('server.crt', desk.folder.read('other.crt'));
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => /server\.(crt|key)/.test(desk.gatehouse.output), 'report of the problem');
    assert.equal(await serial(desk), old);
    desk.authority.issue('server');
    await desk.close();
  });
});

describe('SIGTERM', unlessBuilt, () => {
  it('lets running requests end, accepts no more, and ends with 0', async () => {
    const desk = await Desk.open();
    let release;
    desk.upstream.answer = () => new Promise((resolve) => (release = () => resolve(response(200, { late: true }))));
    const wire = await Wire.open(desk.port, desk.tls);
    wire.send(`GET /orders/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\n\r\n`);
    await eventually(() => release, 'request at the upstream');
    desk.gatehouse.signal('SIGTERM');
    await eventually(async () => !(await accepts(desk.port)), 'closed listener');
    release();
    const [answer] = await wire.responses();
    assert.deepEqual(answer.json(), { late: true });
    assert.equal(answer.headers.connection, 'close');
    await wire.closedByServer();
    assert.equal((await desk.gatehouse.ended()).code, 0);
    assert.ok(desk.gatehouse.events().some((event) => event['request.id'] === answer.headers['x-request-id']), 'the event is on disk');
    await desk.close();
  });

  it('drops no request under load', async () => {
    const desk = await Desk.open();
    const working = load(desk);
    await eventually(() => working.total() > 200, 'load');
    desk.gatehouse.signal('SIGTERM');
    assert.equal((await desk.gatehouse.ended()).code, 0);
    const answered = desk.upstream.requests.length;
    const seen = await working.stop();
    const allowed = desk.gatehouse.events().filter(({ outcome }) => outcome === 'allowed').length;
    assert.equal(allowed, answered, 'whatever reached the upstream was answered and recorded');
    assert.equal(seen.get(200), answered, JSON.stringify([...seen].slice(0, 5)));
    await desk.close();
  });

  it('answers a request that was on its way on a kept connection, and closes it', async () => {
    const desk = await Desk.open();
    let release;
    desk.upstream.answer = ({ target }) => (target === '/orders/1' ? new Promise((resolve) => (release = () => resolve(response(200)))) : response(200));
    const pending = desk.get('/orders/1');
    const kept = await Wire.open(desk.port, desk.tls);
    await kept.send('GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n').responses();
    await eventually(() => release, 'request at the upstream');
    desk.gatehouse.signal('SIGTERM');
    await eventually(async () => !(await accepts(desk.port)), 'closed listener');
    const [, answer] = await kept.send('GET /catalogue HTTP/1.1\r\nHost: localhost\r\n\r\n').responses(2);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.connection, 'close');
    await kept.closedByServer();
    release();
    assert.equal((await pending).status, 200);
    await desk.close();
  });

  it('says 503 on the admin listener until the last answer has gone', async () => {
    const desk = await Desk.open();
    let release;
    desk.upstream.answer = () => new Promise((resolve) => (release = () => resolve(response(200))));
    const pending = desk.get('/orders/1');
    await eventually(() => release, 'request at the upstream');
    const ready = async () => (await fetch(`http://127.0.0.1:${desk.adminPort}/health/ready`, { headers: { connection: 'close' } })).status;
    assert.equal(await ready(), 200);
    desk.gatehouse.signal('SIGTERM');
    await eventually(async () => !(await accepts(desk.port)), 'closed listener');
    assert.equal(await ready(), 503);
    release();
    assert.equal((await pending).status, 200);
    assert.equal((await desk.gatehouse.ended()).code, 0);
    await desk.close();
  });

  it('answers 503 where the work takes longer than a drain may, and records it', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.deadlines = { drain: '200ms' }) });
    let asked = false;
    desk.upstream.answer = () => void (asked = true);
    const pending = desk.get('/orders/1');
    await eventually(() => asked, 'request at the upstream');
    desk.gatehouse.signal('SIGTERM');
    await assertRefused(desk.gatehouse, await pending, { status: 503, error: 'unavailable', reason: 'draining', outcome: 'refused' });
    assert.equal((await desk.gatehouse.ended()).code, 0);
    await desk.close();
  });

  it('and a new start on the same folder go on where it was', async () => {
    const desk = await Desk.open();
    const { key } = await desk.createKey();
    await desk.gatehouse.stop();
    desk.gatehouse = await Gatehouse.start(desk.folder, desk.port);
    assert.equal((await desk.get('/orders/1', { 'x-api-key': key })).status, 200);
    await desk.close();
  });
});
