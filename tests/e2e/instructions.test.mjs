// Commands that act on running servers: block, unblock, maintenance and reload.
// Rooms: app core gate server store

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, assertRefused, binary, eventually, freePort, response, unlessBuilt } from './harness.mjs';

const blocked = { status: 403, error: 'forbidden', reason: 'address_blocked', stage: 'http' };
const away = { status: 503, error: 'unavailable', reason: 'maintenance', stage: 'route' };

const command = (desk, ...words) => desk.folder.run(...words, '-c', 'gatehouse.yaml');

async function done(desk, ...words) {
  const result = await command(desk, ...words);
  assert.equal(result.status, 0, `${words.join(' ')}: ${result.stderr}`);
  return result;
}

async function failed(desk, words, pattern, status = 1) {
  const result = await command(desk, ...words);
  assert.deepEqual([result.status, pattern.test(result.stderr)], [status, true], `${words.join(' ')}: ${result.stdout}${result.stderr}`);
  return result;
}

// Dies as a process does, and starts again with all that was acknowledged.
async function crash(desk) {
  desk.gatehouse.signal('SIGKILL');
  await desk.gatehouse.ended();
  await desk.start();
}

const list = async (desk, ...words) => (await done(desk, ...words, '--json')).stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));

describe('gatehouse block', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({
      change: (configuration) => {
        configuration.trusted_proxies = ['127.0.0.1'];
        configuration.blocked = { addresses: ['10.9.0.0/16'], principals: ['partner:evil'] };
      },
    });
  });
  after(() => desk?.close());
  const from = (address) => desk.get('/orders/1', { ...desk.bearer, 'x-forwarded-for': address });

  it('refuses an address at once, on every worker, until it is taken back', async () => {
    for (const [what, inside, outside] of [['203.0.113.7', '203.0.113.7', '203.0.113.8'], ['198.51.100.0/24', '198.51.100.9', '198.51.101.9'], ['2001:db8:6::/48', '2001:db8:6::1', '2001:db8:7::1'], ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.2']]) {
      assert.equal((await from(inside)).status, 200);
      await done(desk, 'block', what);
      // More connections than workers, each with a first request.
      const answers = await Promise.all(Array.from({ length: 12 }, () => from(inside)));
      for (const answer of answers) assert.equal(answer.status, 403, what);
      assert.equal((await assertRefused(desk.gatehouse, answers[0], blocked)).rule, 'gatehouse block');
      assert.equal((await from(outside)).status, 200);
      await done(desk, 'unblock', what);
      for (const answer of await Promise.all(Array.from({ length: 12 }, () => from(inside)))) assert.equal(answer.status, 200, what);
    }
  });

  it('refuses a principal, however it is proven', async () => {
    const { key } = await desk.createKey('partner:mallory');
    const mallory = { 'x-api-key': key };
    assert.equal((await desk.get('/orders/1', mallory)).status, 200);
    await done(desk, 'block', 'partner:mallory');
    const event = await assertRefused(desk.gatehouse, await desk.get('/orders/1', mallory), { status: 403, error: 'forbidden', reason: 'principal_blocked', stage: 'authorise' });
    assert.deepEqual([event.rule, event.detail], ['gatehouse block', 'partner:mallory is blocked']);
    assert.equal((await desk.get('/orders/1', { ...desk.bearer, ...mallory })).status, 403, 'beside a good one');
    assert.equal((await desk.get('/orders/1')).status, 200);
    await done(desk, 'unblock', 'partner:mallory');
    assert.equal((await desk.get('/orders/1', mallory)).status, 200);
  });

  it('ends answers that go on', async () => {
    let socket;
    desk.upstream.answer = (_, to) => {
      socket = to;
      to.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst\n\r\n');
    };
    const wire = await Wire.open(desk.port, desk.tls);
    const { authorization } = await desk.bearerOf({ sub: 'eve' });
    wire.send(`GET /orders/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n\r\n`);
    await wire.until(({ received }) => received.includes('first'), 'the first piece');
    await done(desk, 'block', 'eve');
    await wire.closedByServer();
    socket.destroy();
    desk.upstream.answer = () => response(200);
    await done(desk, 'unblock', 'eve');
  });

  it('lasts over kill -9 of the server, as soon as the command has ended', async () => {
    await done(desk, 'block', '203.0.113.50');
    await done(desk, 'block', 'partner:lasting');
    await crash(desk);
    assert.equal((await from('203.0.113.50')).status, 403);
    const { key } = await desk.createKey('partner:lasting');
    assert.equal((await desk.get('/orders/1', { 'x-api-key': key })).status, 403);
    await done(desk, 'unblock', '203.0.113.50');
    await crash(desk);
    assert.equal((await from('203.0.113.50')).status, 200);
    await done(desk, 'unblock', 'partner:lasting');
  });

  it('holds all that was acknowledged when commands are killed', async () => {
    const acknowledged = [];
    for (let turn = 0; turn < 12; ++turn) {
      const what = `192.0.2.${turn}`;
      const child = spawn(binary, ['block', what, '-c', 'gatehouse.yaml'], { cwd: desk.folder.path, stdio: 'ignore' });
      const timer = turn % 2 ? setTimeout(() => child.kill('SIGKILL'), turn * 4) : null;
      const status = await new Promise((resolve) => child.on('exit', resolve));
      clearTimeout(timer);
      if (status === 0) acknowledged.push(what);
    }
    await crash(desk);
    const subjects = (await list(desk, 'block', '--list')).map(({ subject }) => subject);
    for (const what of acknowledged) assert.ok(subjects.includes(what), what);
    for (const what of subjects) await done(desk, 'unblock', what);
    // Each change has its one event, also that of a command which was killed before it recorded it.
    await eventually(async () => {
      const all = (await done(desk, 'log', '--json')).stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line)).filter((event) => event.operation === 'block.address' && event.resource.address.startsWith('192.0.2.'));
      const addresses = all.map(({ resource }) => resource.address);
      return acknowledged.every((what) => addresses.includes(what)) && new Set(addresses).size === addresses.length;
    }, 'events of the changes');
  });

  it('leaves an event with the actor, and is listed', async () => {
    await done(desk, 'block', '203.0.113.77');
    const [one] = await list(desk, 'block', '--list');
    assert.deepEqual([one.kind, one.subject, one.by], ['address', '203.0.113.77', `uid:${process.getuid()}`]);
    assert.match((await done(desk, 'block', '--list')).stdout, /address +203\.0\.113\.77/);
    const events = (await done(desk, 'log', '--operation', 'block.address', '--json')).stdout.trim().split('\n').map((line) => JSON.parse(line));
    const event = events.find(({ resource }) => resource.address === '203.0.113.77');
    assert.deepEqual([event['event.name'], event['user.id'], event.outcome], ['instruction', `uid:${process.getuid()}`, 'allowed']);
    await done(desk, 'unblock', '203.0.113.77');
    assert.ok((await done(desk, 'log', '--operation', 'unblock.address', '--json')).stdout.includes('203.0.113.77'));
    const metrics = await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text();
    assert.match(metrics, /^gatehouse_blocked_addresses 0$/m);
  });

  it('says what else blocks, and does not take a slip in an address for a principal', async () => {
    await done(desk, 'block', '203.0.112.0/23');
    await failed(desk, ['unblock', '203.0.113.5'], /no command blocks the address 203\.0\.113\.5; the block of 203\.0\.112\.0\/23 holds it/);
    assert.equal((await from('203.0.113.5')).status, 403);
    await done(desk, 'unblock', '203.0.112.0/23');
    await failed(desk, ['unblock', '10.9.1.1'], /blocked\.addresses of the configuration holds it/);
    await failed(desk, ['unblock', 'partner:evil'], /blocked\.principals of the configuration names it/);
    await failed(desk, ['unblock', 'partner:nobody'], /no command blocks the principal partner:nobody$/m);
    for (const slip of ['10.0.0.1/8', '300.1.1.1', '10.0.0', '2001:db8::/129', '10.0.0.0/']) {
      await failed(desk, ['block', slip], /is not an address or a network/, 2);
    }
    await failed(desk, ['block'], /name an address/, 2);
    await failed(desk, ['block', 'a\u0007b'], /NOT blocked.*control characters/);
    assert.deepEqual(await list(desk, 'block', '--list'), []);
  });
});

describe('gatehouse maintenance', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  it('answers 503 with its message at once, for the operations that it names', async () => {
    await done(desk, 'maintenance', 'on', 'getOrder', 'listC*', '--until', '1h', '--body', 'Back at six.');
    for (const [target, headers] of [['/orders/1', desk.bearer], ['/orders/1', {}], ['/catalogue', {}]]) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => desk.get(target, headers)));
      for (const answer of answers) assert.equal(answer.status, 503);
      const event = await assertRefused(desk.gatehouse, answers[0], away);
      assert.deepEqual([event.rule, event.detail], ['gatehouse maintenance', `given by uid:${process.getuid()}`]);
      assert.equal(answers[0].json().message, 'Back at six.');
      const seconds = Number(answers[0].headers['retry-after']);
      assert.ok(seconds > 3500 && seconds <= 3600, `${seconds}`);
    }
    assert.equal((await desk.get('/orders')).status, 200);
    await done(desk, 'maintenance', 'off', 'listC*');
    assert.equal((await desk.get('/catalogue', {})).status, 200);
    assert.equal((await desk.get('/orders/1')).status, 503);
    await done(desk, 'maintenance', 'off');
    assert.equal((await desk.get('/orders/1')).status, 200);
  });

  it('lasts over kill -9 and reloads, and is listed', async () => {
    await done(desk, 'maintenance', 'on');
    await crash(desk);
    assert.equal((await desk.get('/orders/1')).status, 503);
    await done(desk, 'reload');
    assert.equal((await desk.get('/orders')).status, 503);
    const [one, ...others] = await list(desk, 'maintenance', 'list');
    assert.deepEqual([one.kind, one.subject, one.until, others], ['maintenance', '*', undefined, []]);
    await done(desk, 'maintenance', 'off', '*');
    assert.equal((await desk.get('/orders')).status, 200);
  });

  it('is replaced when it is given again, and ends by itself', async () => {
    await done(desk, 'maintenance', 'on', 'getOrder', '--body', 'first');
    await done(desk, 'maintenance', 'on', 'getOrder', '--body', 'second', '--until', '1s');
    assert.equal((await list(desk, 'maintenance', 'list')).length, 1);
    await eventually(async () => (await desk.get('/orders/1')).status === 200, 'end of the maintenance');
    await done(desk, 'maintenance', 'off', 'getOrder');
  });

  it('does nothing where a name or a time is wrong', async () => {
    await failed(desk, ['maintenance', 'on', 'getOrder', 'getOrders'], /no operation is named `getOrders`.*Nothing has changed/);
    await failed(desk, ['maintenance', 'on', '--until', 'tomorrow'], /--until.*not `tomorrow`/, 2);
    await failed(desk, ['maintenance', 'on', '--until', '2020-01-01T00:00'], /is past/, 2);
    await failed(desk, ['maintenance', 'off', 'getOrder'], /no command put `getOrder` in maintenance; there are: none/);
    assert.deepEqual(await list(desk, 'maintenance', 'list'), []);
    assert.equal((await desk.get('/orders/1')).status, 200);
  });

  it('can be given while the configuration is being edited', async () => {
    for (const change of [{ openapi: ['nowhere.json'] }, { nonsense: 1, keep_events: 'long' }]) {
      desk.folder.write('gatehouse.yaml', { ...desk.configuration, ...change });
      const { stderr } = await done(desk, 'maintenance', 'on', 'getOrder');
      assert.match(stderr, /The names of the operations are not checked: \d+ problems? in gatehouse\.yaml/);
      assert.equal((await desk.get('/orders/1')).status, 503);
      await done(desk, 'block', 'partner:late');
      await done(desk, 'unblock', 'partner:late');
      await done(desk, 'maintenance', 'off');
    }
    // A store that is not there is not made of a configuration with problems.
    desk.folder.write('gatehouse.yaml', { ...desk.configuration, store: undefined, stroe: 'sqlite:state.db' });
    await failed(desk, ['block', 'partner:late'], /there is no key `stroe` here; did you mean `store`\?[^]*the command did nothing/);
    desk.writeFiles();
  });
});

describe('gatehouse reload', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());
  const metric = async (name) => {
    const text = await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text();
    return Number(text.match(new RegExp(`^${name} (\\S+)$`, 'm'))[1]);
  };

  it('waits, and prints what changed', async () => {
    assert.equal((await desk.get('/users')).status, 403);
    desk.configuration.roles.clerk.push('users:read');
    desk.configuration.limits.more = { per: 'ip', rate: '9/s' };
    delete desk.configuration.errors;
    desk.api.paths['/orders'].get.summary = 'All orders';
    desk.writeFiles();
    const { stdout } = await done(desk, 'reload');
    assert.deepEqual(stdout.split('\n').slice(1, -1).map((line) => line.trim()), ['changed roles.clerk', 'added limits.more', 'removed errors', 'added api.json: paths./orders.get.summary']);
    assert.match(stdout, /gatehouse\.yaml: reloaded\n/);
    assert.equal((await desk.get('/users')).status, 200, 'when the command has ended, the new policy holds');
    assert.match((await done(desk, 'reload')).stdout, /nothing in it or its documents changed/);
    const events = (await done(desk, 'log', '--operation', 'reload', '--json')).stdout.trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(events.map((event) => event['user.id']), Array(2).fill(`uid:${process.getuid()}`));
    assert.equal(await metric('gatehouse_config_last_reload_successful'), 1);
  });

  it('ends with status 1 and what is wrong, and changes nothing', async () => {
    const since = await metric('gatehouse_config_last_reload_success_timestamp_seconds');
    desk.configuration.operations.getOrder.permision = 'x';
    desk.configuration.limits.per_ip.rate = 'often';
    desk.writeFiles();
    const { stderr, stdout } = await failed(desk, ['reload'], /NOT reloaded, the configuration is unchanged/);
    assert.match(stderr, /gatehouse\.yaml:\d+:\d+: operations\.getOrder: there is no key `permision` here; did you mean `permission`\?/);
    assert.match(stderr, /often/);
    assert.equal(stdout, '');
    assert.equal((await desk.get('/orders/1')).status, 200);
    assert.equal(await metric('gatehouse_config_last_reload_successful'), 0);
    assert.equal(await metric('gatehouse_config_last_reload_success_timestamp_seconds'), since);
    delete desk.configuration.operations.getOrder.permision;
    desk.configuration.limits.per_ip.rate = '100000/s';
    desk.writeFiles();
    await done(desk, 'reload');
    assert.equal(await metric('gatehouse_config_last_reload_successful'), 1);
  });

  it('names a setting that changes only with a restart', async () => {
    desk.writeFiles();
    desk.folder.write('gatehouse.yaml', { ...desk.configuration, workers: 1 });
    await failed(desk, ['reload'], /`workers` changes only with a restart/);
    desk.writeFiles();
  });

  it('reloads every server of the store', async () => {
    const other = { ...desk.configuration, listen: { https: `127.0.0.1:${await freePort()}` }, log: [] };
    desk.folder.write('other.yaml', other);
    const second = spawn(binary, ['serve', '-c', 'other.yaml'], { cwd: desk.folder.path });
    let output = '';
    second.stderr.on('data', (bytes) => (output += bytes));
    await eventually(() => output.includes('serving'), 'second server');
    const { stdout } = await done(desk, 'reload');
    assert.equal(stdout.split(': reloaded\n').length, 3, stdout);
    assert.match(stdout, /other\.yaml: reloaded/);
    second.kill('SIGKILL');
    await new Promise((resolve) => second.on('exit', resolve));
    assert.equal((await done(desk, 'reload')).stdout.split(': reloaded\n').length, 2, 'one that has ended is not waited for');
  });

  it('says that no server runs, and a server that starts later does not reload for it', async () => {
    await desk.gatehouse.stop();
    await failed(desk, ['reload'], /no running server uses .*state\.db/);
    await desk.start();
    await done(desk, 'maintenance', 'list');
    assert.doesNotMatch(desk.gatehouse.output, /reloaded/);
    await done(desk, 'reload');
    await crash(desk);
    assert.doesNotMatch(desk.gatehouse.output, /reloaded/);
  });
});
