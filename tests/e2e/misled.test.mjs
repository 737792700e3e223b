// Answers, messages and records that misled an operator: each test is named after the fault.
// Rooms: app audit gate http net openapi policy server store

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, accepts, assertRefused, eventually, response, unlessBuilt } from './harness.mjs';

// Everything that the port answers to these bytes, without TLS.
const inTheClear = (port, text) => new Promise((resolve, reject) => {
  let received = '';
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  socket.on('data', (bytes) => (received += bytes)).on('close', () => resolve(received)).on('error', reject);
});

describe('what misled', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open({ change: (configuration) => configuration.roles.clerk.push('orders:export') })));
  after(() => desk?.close());
  const run = (...words) => desk.folder.run(words[0], ...(words[0] === 'key' ? [words[1], '-c', 'gatehouse.yaml', ...words.slice(2)] : ['-c', 'gatehouse.yaml', ...words.slice(1)]));
  const check = async (change) => {
    desk.folder.write('other.yaml', { ...desk.configuration, ...change });
    return desk.folder.run('check', '-c', 'other.yaml');
  };

  it('a limit per an undeclared header is an error at start, with its name', async () => {
    const { status, stderr } = await check({
      limits: { ...desk.configuration.limits, tenant: { per: 'header["X-Tenant"]', rate: '5/min' } },
      operations: { ...desk.configuration.operations, getOrder: { permission: 'orders:read', limits: ['tenant'] } },
    });
    assert.equal(status, 1);
    assert.match(stderr, /getOrder: the key `header\["X-Tenant"\]` of the limit `tenant`: request\.header has no member 'X-Tenant'/);
  });

  it('a sensitive answer that is cut off is not allowed with the size of its first part', async () => {
    desk.upstream.answer = (_, to) => {
      to.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400000\r\n\r\n${'a'.repeat(150000)}`);
    };
    const wire = await Wire.open(desk.port, desk.tls);
    wire.send(`GET /orders/export HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${desk.bearer.authorization}\r\n\r\n`);
    await wire.closedByServer();
    desk.upstream.answer = () => response(200);
    const event = await desk.gatehouse.event(({ operation, ...one }) => operation === 'exportOrders' && one['event.name'] === 'request');
    assert.deepEqual([event.outcome, event.reason, event.effect], ['failed', 'upstream_malformed', 'unknown']);
    const intent = desk.gatehouse.events().find((one) => one['event.name'] === 'intent' && one['request.id'] === event['request.id']);
    assert.equal(intent.outcome, null, 'the durable record came first');
  });

  it('`why` says which limits counted a request that no operation answers', async () => {
    const answer = await desk.get('/nowhere/at/all');
    assert.equal(answer.status, 404);
    assert.ok(answer.headers['ratelimit']);
    const event = await desk.gatehouse.eventOf(answer.json().correlation_id);
    assert.equal(event['url.path'], '/nowhere/at/all');
    const { stdout } = await run('why', event['request.id']);
    assert.match(stdout, /limit +passed +counted by per_ip\n/);
    assert.match(stdout, /no document has an operation at this path: \/nowhere\/at\/all/);
  });

  it('the path of an unanswered request is bounded, and holds no credential', async () => {
    const { key } = await desk.createKey('partner:lost');
    const secret = await desk.gatehouse.eventOf((await desk.get(`/nowhere/${key}/x`)).json().correlation_id);
    assert.equal(secret['url.path'], '/nowhere/[redacted]/x');
    for (const [path, shown] of [['/v2/items/42/reset-link', '/v2/items/42/reset-link'], ['/reset/a1b2c3d4', '/reset/[redacted]'], ['/a+b', '/[redacted]'], [`/${'long'.repeat(9)}`, '/[redacted]'], ['/a/', '/a/'], [`/${'a/'.repeat(200)}`, `/${'a/'.repeat(200)}`.slice(0, 256)]]) {
      assert.equal((await desk.gatehouse.eventOf((await desk.get(path)).headers['x-request-id']))['url.path'], shown);
    }
    const long = await desk.gatehouse.eventOf((await desk.get(`/${'p'.repeat(250)}${key}`)).json().correlation_id);
    assert.ok(long['url.path'].length <= 256 && !long['url.path'].includes(key.slice(3, 8)), long['url.path']);
    const known = await desk.gatehouse.eventOf((await desk.get('/users')).json().correlation_id);
    assert.equal(known['url.path'], undefined);
  });

  it('`why` names an undeclared parameter, and not its value', async () => {
    for (const [query, shown] of [['zebra=stripes', 'query/zebra: undeclared'], ['li%6Dits=5', 'query/limits: undeclared'], [`${'z'.repeat(80)}=1`, `query/${'z'.repeat(64)}: undeclared`]]) {
      const answer = await desk.get(`/orders?${query}`);
      assert.deepEqual(answer.json().details, [{ in: 'query', at: '/*', rule: 'undeclared' }], 'the caller sees no name');
      const event = await assertRefused(desk.gatehouse, answer, { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
      assert.equal(event.detail, shown);
      assert.ok((await run('why', event['request.id'])).stdout.includes(shown));
    }
    const { key } = await desk.createKey('partner:name');
    const event = await desk.gatehouse.eventOf((await desk.get(`/orders?${key}=1`)).json().correlation_id);
    assert.ok(!JSON.stringify(event).includes(key.slice(16)), event.detail);
  });

  it('`permission_missing` says which roles the caller has', async () => {
    const event = await assertRefused(desk.gatehouse, await desk.get('/users'), { status: 403, error: 'forbidden', reason: 'permission_missing' });
    assert.equal(event.detail, 'the caller has the roles clerk');
    assert.match((await run('why', event['request.id'])).stdout, /has the permission users:read; the caller has the roles clerk/);
  });

  it('`key create` makes no key that every operation would refuse', async () => {
    desk.folder.write('gatehouse.yaml', { ...desk.configuration, roles: { ...desk.configuration.roles, authenticated: [], empty: [] } });
    for (const [roles, why] of [[[], 'it has no role'], [['--role', 'empty'], 'its roles have no permission']]) {
      const { status, stdout, stderr } = await run('key', 'create', '--principal', 'partner:x', ...roles);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, new RegExp(`no key was made: ${why}, so every operation would refuse it; add --role; there are: admin, clerk, partner`));
    }
    assert.equal((await run('key', 'create', '--principal', 'partner:x', '--role', 'partner')).status, 0);
    desk.writeFiles();
  });

  it('`cache_control` takes no text that is not one', async () => {
    const problem = async (cache_control) => (await check({ operations: { ...desk.configuration.operations, getOrder: { permission: 'orders:read', cache_control } } })).stderr;
    assert.match(await problem('whatever is good'), /getOrder: cache_control: `whatever is good` is not a directive for answers; write one such as `no-store`/);
    assert.match(await problem('max-age=1h'), /`max-age=1h` needs whole seconds: `max-age=60`/);
    assert.match(await problem('no-store, max-age=60'), /`no-store` contradicts/);
    assert.equal(await problem('private, max-age=60'), '');
  });

  it('HTTP in the clear to the TLS port gets a 400 that says so', async () => {
    for (const text of ['GET /orders HTTP/1.1\r\nHost: localhost\r\n\r\n', 'POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n' + 'x'.repeat(90000), 'HEAD / HTTP/1.0\r\n\r\n']) {
      const answer = await inTheClear(desk.port, text);
      assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/, text.slice(0, 20));
      const [head, body] = answer.split('\r\n\r\n');
      assert.match(head, /Connection: close/);
      assert.equal(Number(head.match(/Content-Length: (\d+)/)[1]), body.length);
      assert.match(JSON.parse(body).message, /This port speaks TLS: use https/);
    }
    assert.equal(await inTheClear(desk.port, 'hello\r\n\r\n'), '', 'no other bytes get an HTTP answer');
    await desk.gatehouse.event(({ reason, detail }) => reason === 'handshake_failed' && /plain HTTP/.test(detail));
  });

  it('a word that is no command is an error with a suggestion', async () => {
    for (const [words, pattern] of [[['serv'], /gatehouse: there is no command `serv`; did you mean `serve`\?/], [['key', 'creat'], /gatehouse: there is no command `key creat`; did you mean `create`\?/], [['zzzz'], /there is no command `zzzz`; `gatehouse --help` lists them/]]) {
      const { status, stdout, stderr } = await desk.folder.run(...words);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, pattern);
    }
    assert.match((await desk.folder.run('--version')).stdout, /^gatehouse \d+\.\d+\.\d+\n$/);
  });
});

describe('the admin listener', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  it('answers HEAD, HTTP/1.0 and no Host, as load balancers ask', async () => {
    for (const text of ['GET /health HTTP/1.0\r\n\r\n', 'GET /health/ready HTTP/1.0\r\nUser-Agent: HAProxy\r\n\r\n', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', 'GET /health HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 'GET /health/live HTTP/1.1\r\nHost: 10.0.0.5:9443\r\nConnection: close\r\n\r\n']) {
      const answer = await inTheClear(desk.adminPort, text);
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n(ready|live)\n$/, text);
    }
    for (const text of ['HEAD /health HTTP/1.0\r\n\r\n', 'HEAD /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n']) {
      const answer = await inTheClear(desk.adminPort, text);
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 6\r\n([^]*\r\n)?\r\n$/, text);
    }
    assert.match(await inTheClear(desk.adminPort, 'GET /health HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 421/);
    assert.match(await inTheClear(desk.adminPort, 'POST /health HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 405/);
    assert.match(await inTheClear(desk.port, 'GET /health HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 400/);
    const wire = await Wire.open(desk.port, desk.tls);
    wire.send('GET /orders/1 HTTP/1.0\r\n\r\n');
    await wire.closedByServer();
    assert.match(String(wire.received), /^HTTP\/1\.1 400/, 'clients must still name a host');
  });
});

describe('gatehouse log', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open({ change: (configuration) => (configuration.trusted_proxies = ['127.0.0.1']) })));
  after(() => desk?.close());
  const log = async (...words) => {
    const { status, stdout, stderr } = await desk.folder.run('log', '-c', 'gatehouse.yaml', '--json', ...words);
    assert.equal(status, 0, stderr);
    return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  };

  it('finds by period, status and network, in order of time, the newest included', async () => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    desk.upstream.answer = async (request) => {
      if (request.target === '/orders/7') await held;
      return response(200);
    };
    const slow = desk.get('/orders/7', { ...desk.bearer, 'x-forwarded-for': '10.1.1.1' });
    await eventually(() => desk.upstream.requests.some(({ target }) => target === '/orders/7'), 'the slow request');
    for (const [target, address] of [['/orders/1', '10.1.1.2'], ['/nowhere', '10.1.1.3'], ['/users', '10.2.1.1']]) await desk.get(target, { ...desk.bearer, 'x-forwarded-for': address });
    release();
    await slow;
    const newest = await desk.get('/orders/2', { ...desk.bearer, 'x-forwarded-for': '192.0.2.1' });
    const all = await eventually(async () => {
      const found = await log('--since', '1h');
      return found.length >= 5 && found;
    }, 'five events');
    const times = all.map(({ time }) => time);
    assert.deepEqual(times, [...times].sort(), 'the slow request stands where it began');
    assert.equal(all.at(-1)['request.id'], newest.headers['x-request-id']);
    const addresses = async (...words) => (await log(...words)).map((event) => event['client.address']);
    assert.deepEqual(await addresses('--ip', '10.1.0.0/16'), ['10.1.1.1', '10.1.1.2', '10.1.1.3']);
    assert.deepEqual(await addresses('--ip', '::ffff:10.1.1.2'), ['10.1.1.2']);
    assert.deepEqual(await addresses('--status', '4xx'), ['10.1.1.3', '10.2.1.1']);
    assert.deepEqual(await addresses('--status', '404'), ['10.1.1.3']);
    assert.deepEqual(await addresses('--status', '4xx', '--reason', 'permission_missing'), ['10.2.1.1']);
    const cut = all[2].time.replace(/\.\d+Z$/, 'Z');
    assert.ok((await log('--since', cut)).length >= 3);
    assert.deepEqual(await log('--since', '2020-01-01T00:00', '--until', '2020-01-02T00:00'), []);
    assert.deepEqual((await log('--until', '1h', '--since', '2h')), []);
  });

  it('reports a period or a filter that cannot be', async () => {
    for (const [words, pattern] of [[['--since', 'soon'], /--since: must be a duration such as 15m or 7d, a time such as 12:00/], [['--until', '25:00'], /--until/], [['--since', '1h', '--until', '2h'], /ends before --since begins/], [['--status', '4x'], /a status such as 404, or all of a class such as 4xx/], [['--status', '700'], /--status/], [['--ip', '10.0.0.1/8'], /an address such as 203\.0\.113\.9, or a network such as 10\.0\.0\.0\/8/], [['--until', '1m', '-f'], /--follow/]]) {
      const { status, stderr } = await desk.folder.run('log', '-c', 'gatehouse.yaml', ...words);
      assert.equal(status, 2, words.join(' '));
      assert.match(stderr, pattern);
    }
  });
});

describe('gatehouse key rotate', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());
  const key = (...words) => desk.folder.run('key', words[0], '-c', 'gatehouse.yaml', ...words.slice(1));

  it('again with --overlap ends the old key earlier, and `key list` shows when', async () => {
    const old = await desk.createKey('partner:turns');
    const made = JSON.parse((await key('rotate', old.id, '--overlap', '7d', '--json')).stdout);
    assert.equal((await desk.get('/orders/1', { 'x-api-key': old.key })).status, 200);
    const listed = async () => (await key('list', '--json')).stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line)).find(({ id }) => id === old.id);
    const first = Date.parse((await listed()).ends) - Date.now();
    assert.ok(first > 6.9 * 86_400_000 && first <= 7 * 86_400_000, `${first}`);
    assert.match((await key('list')).stdout, /ENDS/);
    const again = await key('rotate', old.id, '--overlap', '1h');
    assert.equal(again.status, 0);
    assert.equal(again.stdout, '', 'no second key');
    assert.ok(again.stderr.includes(`rotated before, to ${made.id}`), again.stderr);
    const second = Date.parse((await listed()).ends) - Date.now();
    assert.ok(second > 3_500_000 && second <= 3_600_000, `${second}`);
    const longer = await key('rotate', old.id, '--overlap', '2h');
    assert.equal(longer.status, 1);
    assert.match(longer.stderr, /ends before that already: an overlap is only shortened/);
    assert.equal((await key('rotate', old.id)).status, 1, 'without --overlap it is a second rotation');
    assert.equal((await key('rotate', old.id, '--overlap', '0s')).status, 0);
    assert.equal((await desk.get('/orders/1', { 'x-api-key': old.key })).status, 401);
    assert.equal((await listed()).state, 'revoked');
    const { stdout } = await desk.folder.run('log', '-c', 'gatehouse.yaml', '--operation', 'key.rotate', '--json');
    assert.equal(stdout.split('\n').filter((line) => line.includes('its overlap is shortened')).length, 2);
  });
});

describe('a server that cannot do its work', unlessBuilt, () => {
  const health = async (desk) => fetch(`http://127.0.0.1:${desk.adminPort}/health`).then(async (answer) => [answer.status, await answer.text()]);

  it('does not start where the pepper is lost and keys are in force, and says the way out', async () => {
    const desk = await Desk.open();
    const key = (...words) => desk.folder.run('key', words[0], '-c', 'gatehouse.yaml', ...words.slice(1));
    const { id } = await desk.createKey('partner:dead');
    await desk.gatehouse.stop();
    const pepper = desk.folder.read('state.pepper');
    for (const change of [() => rmSync(`${desk.folder.path}/state.pepper`), () => desk.folder.write('state.pepper', `${'ab'.repeat(32)}\n`)]) {
      change();
      const { status, stderr } = await desk.folder.run('serve', '-c', 'gatehouse.yaml');
      assert.equal(status, 1);
      assert.match(stderr, /state\.pepper (is missing|is not the pepper that the keys were made with), so none of the keys in .*state\.db would be accepted; restore it/);
      assert.equal((await key('create', '--principal', 'partner:x', '--role', 'partner')).status, 1);
    }
    desk.folder.write('state.pepper', pepper);
    await desk.start();
    await desk.gatehouse.stop();
    // Lost for good: every key is revoked first.
    rmSync(`${desk.folder.path}/state.pepper`);
    assert.equal((await key('list')).status, 0);
    assert.equal((await key('revoke', id)).status, 0);
    await desk.start();
    const made = await desk.createKey('partner:alive');
    assert.equal((await desk.get('/orders/1', { 'x-api-key': made.key })).status, 200);
    await desk.close();
  });

  it('does not start beside another on the same address, unless both share it', async () => {
    const desk = await Desk.open();
    const { status, stderr } = await desk.folder.run('serve', '-c', 'gatehouse.yaml');
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`another server listens on 127\\.0\\.0\\.1:${desk.port}; stop it first, or, .*listen: \\{shared: true\\}`));
    // Another store, and the same address.
    desk.folder.write('other.yaml', { ...desk.configuration, store: 'sqlite:other.db', log: [] });
    assert.equal((await desk.folder.run('serve', '-c', 'other.yaml')).status, 1);
    // As soon as the first has died, its address is free.
    desk.gatehouse.signal('SIGKILL');
    await desk.gatehouse.ended();
    await desk.start();
    await desk.gatehouse.stop();
    desk.configuration.listen.shared = true;
    desk.writeFiles();
    await desk.start();
    const first = desk.gatehouse;
    await desk.start();
    await eventually(() => desk.gatehouse.output.includes('serving'), 'a second server that serves');
    await desk.gatehouse.stop();
    await first.stop();
    await desk.close();
  });

  it('says `draining` before its listeners close, and the admin listener closes last', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.listen.drain = '1h') });
    assert.deepEqual(await health(desk), [200, 'ready\n']);
    desk.gatehouse.signal('SIGTERM');
    await eventually(async () => (await health(desk))[1] === 'draining\n', 'draining');
    assert.equal((await desk.get('/orders/1')).status, 200, 'requests are still answered');
    let release;
    desk.upstream.answer = () => new Promise((resolve) => (release = () => resolve(response(200))));
    const slow = desk.get('/orders/2');
    await eventually(() => release, 'a request under way');
    desk.gatehouse.signal('SIGTERM');
    await eventually(async () => !(await accepts(desk.port)), 'a closed listener');
    assert.deepEqual(await health(desk), [503, 'draining\n']);
    release();
    assert.equal((await slow).status, 200);
    await desk.gatehouse.ended();
    await desk.close();
  });

  it('is not ready when its database was deleted, and accepts no key that could be revoked elsewhere', async () => {
    const desk = await Desk.open();
    const { key } = await desk.createKey('partner:old');
    assert.equal((await desk.get('/orders/1', { 'x-api-key': key })).status, 200);
    for (const file of ['state.db', 'state.db-wal', 'state.db-shm']) rmSync(`${desk.folder.path}/${file}`, { force: true });
    await eventually(async () => (await health(desk))[0] === 503, 'readiness that ends');
    await eventually(async () => (await desk.get('/orders/1', { 'x-api-key': key })).status === 401, 'a key that is refused');
    assert.match((await health(desk))[1], /^the store (cannot be read|takes no events)\n$/);
    desk.gatehouse.signal('SIGKILL');
    await desk.gatehouse.ended();
    desk.gatehouse = undefined;
    await desk.close();
  });
});
