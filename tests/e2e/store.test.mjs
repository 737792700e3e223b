// The store: separate from the API's data, and changed by commands that report the result.
// Rooms: app policy store

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Desk, Folder, Gatehouse, askDatabase, binary, deskApi, deskConfiguration, eventually, freePort, lockDatabase, makeDatabase, unlessBuilt } from './harness.mjs';

describe('key commands', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  it('say when no running server uses the store that they changed', async () => {
    const made = await desk.folder.run('key', 'create', '-c', 'gatehouse.yaml', '--principal', 'partner:acme');
    assert.doesNotMatch(made.stderr, /No running server/);
    desk.folder.write('other.yaml', { ...desk.configuration, store: 'sqlite:other.db' });
    const elsewhere = await desk.folder.run('key', 'create', '-c', 'other.yaml', '--principal', 'partner:acme', '--json');
    assert.equal(elsewhere.status, 0);
    assert.match(elsewhere.stderr, /No running server uses .*other\.db/);
    const revoked = await desk.folder.run('key', 'revoke', '-c', 'other.yaml', JSON.parse(elsewhere.stdout).id);
    assert.match(revoked.stderr, /No running server uses .*other\.db/);
  });

  it('leave an event for each change, beside those of a server that runs', async () => {
    const { id, key } = await desk.createKey();
    assert.equal((await desk.get('/orders/1', { 'x-api-key': key })).status, 200);
    const rotated = JSON.parse((await desk.folder.run('key', 'rotate', '-c', 'gatehouse.yaml', id, '--json')).stdout);
    assert.equal((await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id)).status, 0);
    assert.equal((await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', 'nobodynobody')).status, 1);
    const changes = async () => {
      const { stdout } = await desk.folder.run('log', '-c', 'gatehouse.yaml', '--json');
      const events = stdout.trim().split('\n').map((line) => JSON.parse(line));
      assert.doesNotMatch(stdout, new RegExp(key.slice(16)));
      return events.filter((event) => event['event.name'] === 'key' && [id, rotated.id].includes(event.resource.key));
    };
    const events = await eventually(async () => {
      const found = await changes();
      return found.length === 3 && found;
    }, 'three events');
    assert.deepEqual(events.map((event) => event.operation).sort(), ['key.create', 'key.revoke', 'key.rotate']);
    for (const event of events) {
      assert.equal(event['user.id'], `uid:${process.getuid()}`);
      assert.equal(event['auth.scheme'], 'command');
      assert.equal(event.outcome, 'allowed');
      assert.match(event.resource.principal, /^partner:/);
    }
    assert.match(events.find((event) => event.operation === 'key.rotate').detail, new RegExp(`replaces ${id}`));
    assert.equal((await desk.get('/orders/1', { 'x-api-key': rotated.key })).status, 200);
  });

  it('that are killed between the change and its event leave the event to the next', async () => {
    desk.folder.write('killed.yaml', { ...desk.configuration, store: 'sqlite:killed.db' });
    const key = (...words) => desk.folder.run('key', ...words, '-c', 'killed.yaml');
    const { id } = JSON.parse((await key('create', '--principal', 'partner:acme', '--json')).stdout);
    // Opening the file of events waits from here on: a FIFO without a reader.
    const file = join(desk.folder.path, 'killed.db-events', '1.jsonl');
    renameSync(file, `${file}.kept`);
    execFileSync('mkfifo', [file]);
    const killed = spawn(binary, ['key', 'revoke', '-c', 'killed.yaml', id], { cwd: desk.folder.path, stdio: 'ignore' });
    const ended = once(killed, 'exit');
    const noted = () => askDatabase(desk.folder, 'killed.db', 'SELECT count(*) FROM gatehouse_key_events')[0][0];
    await eventually(() => noted() === 1, 'the note of the change');
    killed.kill('SIGKILL');
    await ended;
    rmSync(file);
    renameSync(`${file}.kept`, file);
    const changes = async () => (await desk.folder.run('log', '-c', 'killed.yaml', '--json')).stdout.trim().split('\n').map((line) => JSON.parse(line).operation);
    assert.deepEqual(await changes(), ['key.create'], 'the revocation is stored, and no event says so yet');
    for (let times = 0; times < 2; ++times) {
      const listed = await key('list', '--json');
      assert.equal(listed.status, 0, listed.stderr);
      assert.equal(JSON.parse(listed.stdout).state, 'revoked');
      assert.deepEqual((await changes()).sort(), ['key.create', 'key.revoke']);
      assert.equal(noted(), 0);
    }
  });

  it('wait for every server that runs on the store, and for no other', async () => {
    const { id, key } = await desk.createKey();
    const port = await freePort();
    const second = new Folder();
    try {
      second.write('gatehouse.yaml', {
        ...desk.configuration,
        listen: { https: `127.0.0.1:${port}` }, openapi: [`${desk.folder.path}/api.json`], log: [],
        store: `sqlite:${desk.folder.path}/state.db`,
        tls: { ...desk.configuration.tls, certificate: `${desk.folder.path}/server.crt`, private_key: `file:${desk.folder.path}/server.key`, client_ca: `${desk.folder.path}/clients.crt` },
        authenticators: { ...desk.configuration.authenticators, userToken: { ...desk.configuration.authenticators.userToken, jwks: `file:${desk.folder.path}/keys.json` } },
      });
      const other = await Gatehouse.start(second, port, { environment: { SSL_CERT_FILE: `${desk.folder.path}/ca.crt` } });
      const ask = async (target) => (await desk.client.send('GET', `https://127.0.0.1:${target}/orders/1`, { headers: { 'x-api-key': key } })).status;
      assert.equal(await ask(port), 200);

      other.signal('SIGSTOP');
      const held = await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id);
      assert.equal(held.status, 3, held.stderr);
      assert.match(held.stderr, /the change is stored, but 1 of 2 running servers did not confirm within 5 s/);
      assert.equal(await ask(desk.port), 401, 'the server that runs has read it');
      const made = await desk.folder.run('key', 'create', '-c', 'gatehouse.yaml', '--principal', 'partner:late', '--json');
      assert.equal(made.status, 3);
      assert.match(JSON.parse(made.stdout).key, /^gh_/, 'the only time that it is shown');

      other.signal('SIGCONT');
      const again = await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id);
      assert.equal(again.status, 0, again.stderr);
      assert.equal(await ask(port), 401);

      other.signal('SIGKILL');
      await other.ended();
      const { status, stderr } = await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id);
      assert.equal(status, 0, stderr);
    } finally {
      second.remove();
    }
  });

  it('do not overlook a server whose mark was removed', async () => {
    const own = await Desk.open();
    try {
      const revoke = () => own.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id);
      const { id, key } = await own.createKey();
      own.gatehouse.signal('SIGSTOP');
      rmSync(`${own.folder.path}/state.db-serving`);
      const stopped = await revoke();
      assert.equal(stopped.status, 3, stopped.stderr);
      assert.match(stopped.stderr, /the change is stored, but 1 of 1 running servers did not confirm within 5 s/);
      own.gatehouse.signal('SIGCONT');
      assert.equal((await revoke()).status, 0);
      assert.equal((await own.get('/orders/1', { 'x-api-key': key })).status, 401);

      symlinkSync('elsewhere', `${own.folder.path}/link`);
      renameSync(`${own.folder.path}/link`, `${own.folder.path}/state.db-serving`);
      await eventually(() => /cannot confirm which keys this server has read.*: cannot open .*state\.db-serving/.test(own.gatehouse.output), 'word of it');
      const event = await own.gatehouse.event((one) => one['event.name'] === 'serving', 'serving');
      assert.deepEqual([event.outcome, event.stage, event.reason], ['failed', 'authenticate', null]);
      assert.match(event.detail, /state\.db-serving/);
      const unconfirmed = async () => (await (await fetch(`http://127.0.0.1:${own.adminPort}/metrics`)).text()).match(/^gatehouse_keys_unconfirmed (\d)/m)?.[1];
      assert.equal(await unconfirmed(), '1');
      assert.equal((await revoke()).status, 3);
      rmSync(`${own.folder.path}/state.db-serving`);
      await eventually(async () => (await unconfirmed()) === '0', 'a mark that is made anew');
      assert.match(own.gatehouse.output, /can confirm again which keys this server has read/);
      assert.equal((await revoke()).status, 0);

      rmSync(`${own.folder.path}/state.db-serving`);
      own.gatehouse.signal('SIGKILL');
      await own.gatehouse.ended();
      own.gatehouse = undefined;  // to be killed was its end
      const gone = await revoke();
      assert.equal(gone.status, 0, gone.stderr);
      assert.match(gone.stderr, /No running server uses/);
    } finally {
      await own.close();
    }
  });

  it('do not overlook a server whose store and mark were both replaced', async () => {
    const own = await Desk.open();
    try {
      const revoke = () => own.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id);
      const { id, key } = await own.createKey();
      assert.equal((await own.get('/orders/1', { 'x-api-key': key })).status, 200);
      own.gatehouse.signal('SIGSTOP');
      askDatabase(own.folder, 'state.db', `VACUUM INTO '${own.folder.path}/copy.db'`);
      for (const suffix of ['-wal', '-shm', '-serving']) rmSync(`${own.folder.path}/state.db${suffix}`);
      renameSync(`${own.folder.path}/copy.db`, `${own.folder.path}/state.db`);
      const stopped = await revoke();
      assert.equal(stopped.status, 3, stopped.stderr);
      assert.match(stopped.stderr, /the change is stored, but 1 of 1 running servers did not confirm within 5 s/);
      own.gatehouse.signal('SIGCONT');
      const again = await revoke();
      assert.equal(again.status, 0, again.stderr);
      assert.doesNotMatch(again.stderr, /No running server/);
      assert.equal((await own.get('/orders/1', { 'x-api-key': key })).status, 401);
    } finally {
      await own.close();
    }
  });

  it('that cannot revoke say so within their time, and revoke nothing', async () => {
    const { id, key } = await desk.createKey();
    const lock = await lockDatabase(desk.folder, 'state.db');
    const begun = Date.now();
    const { status, stderr } = await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id);
    assert.ok(Date.now() - begun < 16_000, `${Date.now() - begun} ms`);
    await lock.release();
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`the key ${id} is NOT revoked: database is locked`));
    assert.equal((await desk.get('/orders/1', { 'x-api-key': key })).status, 200);
    assert.equal((await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id)).status, 0);
    assert.equal((await desk.get('/orders/1', { 'x-api-key': key })).status, 401);
  });
});

describe('a store whose file is moved away under its server', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open({
    change: (configuration) => Object.assign(configuration.operations.exportOrders, { timeout: '1s' }),
  })));
  after(() => desk?.close());

  const files = ['state.db', 'state.db-wal', 'state.db-shm', 'state.db-events'];
  const move = (from, to) => files.forEach((name) => renameSync(join(desk.folder.path, from, name), join(desk.folder.path, to, name)));

  it('lets no sensitive operation be done unrecorded, and records again where a file is there', async () => {
    const admin = await desk.bearerOf({ roles: ['admin'] });
    const exported = () => desk.get('/orders/export', admin);
    const known = async (answer) => (await desk.folder.run('log', '-c', 'gatehouse.yaml', '--json')).stdout.split('\n').filter((line) => line.includes(answer.headers['x-request-id'])).length;
    assert.equal((await exported()).status, 200);
    mkdirSync(join(desk.folder.path, 'away'));
    move('.', 'away');
    const called = desk.upstream.requests.length;
    const refused = await exported();
    assert.equal(refused.status, 503);
    assert.equal(desk.upstream.requests.length, called, 'the upstream was not called');
    await eventually(() => /state\.db.*; sensitive operations are refused; retrying/.test(desk.gatehouse.output), 'a word to the operator');
    move('away', '.');
    const back = await eventually(async () => {
      const answer = await exported();
      return answer.status === 200 && answer;
    }, 'a sensitive operation that is done');
    await eventually(async () => (await known(back)) === 2, 'its intent and its end');
    await desk.gatehouse.eventOf(back.headers['x-request-id']);
    const ends = desk.gatehouse.events().filter((event) => event['request.id'] === refused.headers['x-request-id'] && event['event.name'] === 'request');
    assert.deepEqual(ends.map(({ reason, effect }) => [reason, effect]), [['record_unavailable', 'none']]);
    // A backup of the first moments takes its place.
    move('.', 'away');
    desk.folder.write('other.yaml', { ...desk.configuration, store: 'sqlite:backup/state.db' });
    mkdirSync(join(desk.folder.path, 'backup'));
    assert.equal((await desk.folder.run('key', 'create', '-c', 'other.yaml', '--principal', 'partner:acme')).status, 0);
    renameSync(join(desk.folder.path, 'backup/state.db'), join(desk.folder.path, 'state.db'));
    const after = await eventually(async () => {
      const answer = await exported();
      return answer.status === 200 && answer;
    }, 'a sensitive operation that is done');
    await eventually(async () => (await known(after)) === 2, 'its intent and its end');
    await desk.gatehouse.eventOf(after.headers['x-request-id']);
  });
});

describe('a store whose write-ahead log is removed under its server', unlessBuilt, () => {
  it('loses nothing that it held: the server says so, and refuses sensitive operations until it is restarted', async () => {
    const desk = await Desk.open({ change: (configuration) => Object.assign(configuration.operations.exportOrders, { timeout: '1s' }) });
    const admin = await desk.bearerOf({ roles: ['admin'] });
    const exported = () => desk.get('/orders/export', admin);
    const logged = async () => (await desk.folder.run('log', '-c', 'gatehouse.yaml', '--json')).stdout;
    const before = await exported();
    assert.equal(before.status, 200);
    const { id, key } = await desk.createKey();
    rmSync(join(desk.folder.path, 'state.db-wal'));
    const called = desk.upstream.requests.length;
    await eventually(() => /state\.db-wal or .*was removed or replaced; restart the server/.test(desk.gatehouse.output), 'a word to the operator');
    assert.equal((await exported()).status, 503);
    assert.equal(desk.upstream.requests.length, called, 'the upstream was not called');
    await eventually(async () => (await desk.get('/orders/1', { 'x-api-key': key })).status === 401, 'keys that are not known any more');
    await desk.gatehouse.stop();
    await desk.start();
    assert.ok((await logged()).includes(before.headers['x-request-id']), 'its event is kept');
    assert.equal((await desk.get('/orders/1', { 'x-api-key': key })).status, 200, `the key ${id} is kept`);
    assert.equal((await exported()).status, 200);
    await desk.close();
  });
});

describe("the API's database", unlessBuilt, () => {
  const check = async (database, prepare = () => {}) => {
    const folder = new Folder();
    try {
      const configuration = deskConfiguration({ https: 8443, admin: 9443, upstream: 'http://127.0.0.1:3000' });
      configuration.operations.listUsers = { permission: 'users:read', sql: { statement: 'SELECT title FROM titles', returns: 'list' } };
      folder.write('api.json', deskApi());
      folder.write('gatehouse.yaml', { ...configuration, ...(database && { database }) });
      prepare(folder);
      return (await folder.run('check', '-c', 'gatehouse.yaml')).stderr;
    } finally {
      folder.remove();
    }
  };
  const makeTitles = (folder, name) => makeDatabase(folder, name, 'CREATE TABLE titles(title TEXT)');

  it("is never the store's file, under any name", async () => {
    assert.match(await check('sqlite:state.db', (folder) => makeTitles(folder, 'state.db')), /state\.db is also the store's file/);
    assert.match(await check('sqlite:link.db', (folder) => {
      makeTitles(folder, 'state.db');
      symlinkSync('state.db', `${folder.path}/link.db`);
    }), /link\.db is also the store's file/);
  });

  it('is data.db beside the store where nothing is said', async () => {
    assert.match(await check(undefined), /data\.db of the statements cannot be opened/);
    assert.doesNotMatch(await check(undefined, (folder) => makeTitles(folder, 'data.db')), /data\.db/);
  });
});
