// Keys of other systems: `gatehouse key import`.
// Rooms: app crypto gate store

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Desk, assertRefused, binary, unlessBuilt } from './harness.mjs';

describe('gatehouse key import', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());
  const key = (...words) => desk.folder.run('key', words[0], '-c', 'gatehouse.yaml', ...words.slice(1));
  // With the key on standard input.
  const importing = (value, ...words) => new Promise((resolve) => {
    const child = spawn(binary, ['key', 'import', '-c', 'gatehouse.yaml', ...words], { cwd: desk.folder.path });
    const result = { stdout: '', stderr: '' };
    child.stdout.on('data', (bytes) => (result.stdout += bytes));
    child.stderr.on('data', (bytes) => (result.stderr += bytes));
    child.on('close', (status) => resolve({ ...result, status }));
    child.stdin.on('error', () => {}); // it may end before it has read
    child.stdin.end(value);
  });
  const acme = ['--principal', 'partner:acme', '--role', 'partner'];
  const by = (value) => desk.get('/orders/1', { 'x-api-key': value });

  it('takes a key as it is, at once, with its principal, roles and expiry', async () => {
    const value = 'kong-4f9a8c7e6d5b4a39';
    await assertRefused(desk.gatehouse, await by(value), { status: 401, error: 'authentication_required', reason: 'credential_malformed' });
    const { status, stdout, stderr } = await importing(`${value}\n`, ...acme, '--expires', '1h');
    assert.equal(status, 0, stderr);
    const id = stdout.trim();
    assert.match(id, /^imported-[0-9a-f]{32}$/);
    const answer = await by(value);
    assert.equal(answer.status, 200);
    const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
    assert.deepEqual([event['user.id'], event['auth.credential.id']], ['partner:acme', id]);
    for (const wrong of [`${value}0`, value.slice(0, -1), value.toUpperCase(), createHash('sha256').update(value).digest('hex'), id]) assert.equal((await by(wrong)).status, 401, wrong);
    assert.equal((await desk.get('/users', { 'x-api-key': value })).status, 401, 'only where the operation takes keys');
    const listed = (await key('list', '--json')).stdout.trim().split('\n').map((line) => JSON.parse(line)).find((one) => one.id === id);
    assert.deepEqual([listed.principal, listed.roles, listed.state], ['partner:acme', ['partner'], 'active']);
    assert.ok(Date.parse(listed.expires) - Date.now() <= 3_600_000);
    const log = (await desk.folder.run('log', '-c', 'gatehouse.yaml', '--operation', 'key.import', '--json')).stdout;
    assert.ok(log.includes(id));
    for (const text of [log, desk.folder.read('events.jsonl'), stderr]) assert.ok(!text.includes(value));
    assert.equal((await key('revoke', id)).status, 0);
    assert.equal((await by(value)).status, 401);
  });

  it('takes the SHA-256 of a key, and one key once', async () => {
    const value = 'an-old-key-of-another-gateway';
    const sha256 = createHash('sha256').update(value).digest('hex');
    const first = await key('import', ...acme, '--sha256', sha256, '--json');
    assert.equal(first.status, 0, first.stderr);
    assert.equal((await by(value)).status, 200);
    assert.equal((await by(sha256)).status, 401, 'the digest is no key');
    const again = await importing(value, ...acme);
    assert.equal(again.status, 1);
    assert.match(again.stderr, new RegExp(`no key was imported: this key is there already, as ${JSON.parse(first.stdout).id}`));
    assert.ok(!desk.folder.read('state.db').includes(Buffer.from(sha256, 'hex').toString('latin1')), 'the store has no plain digest');
  });

  it('lasts over kill -9, and rotates into a key of Gatehouse', async () => {
    const value = 'lasting-key-0123456789';
    const { stdout } = await importing(value, ...acme, '--address', '127.0.0.0/8');
    desk.gatehouse.signal('SIGKILL');
    await desk.gatehouse.ended();
    await desk.start();
    assert.equal((await by(value)).status, 200);
    const made = JSON.parse((await key('rotate', stdout.trim(), '--overlap', '0s', '--json')).stdout);
    assert.match(made.key, /^gh_/);
    assert.equal((await by(made.key)).status, 200);
    assert.equal((await by(value)).status, 401);
  });

  it('takes no key that is weak or of another form, and none without a use', async () => {
    for (const [value, words, pattern, status] of [
      ['short', acme, /16 to 1024 visible ASCII characters/, 2], ['', acme, /16 to 1024/, 2], ['with a space in the middle', acme, /16 to 1024/, 2], ['ümlaut-ümlaut-ümlaut', acme, /16 to 1024/, 2],
      [(await desk.createKey('partner:own')).key, acme, /is for keys of other systems/, 2],
      ['long-enough-0123456789', ['--principal', 'partner:acme', '--role', 'emperor'], /no key was imported: the configuration has no role `emperor`/, 1],
      ['long-enough-0123456789', ['--principal', 'acme', '--role', 'partner'], /begin with `partner:`/, 1],
      ['', [...acme, '--sha256', 'abcd'], /--sha256.*64 hexadecimal digits/, 2],
    ]) {
      const result = await importing(value, ...words);
      assert.deepEqual([result.status, result.stdout], [status, ''], `${value}: ${result.stderr}`);
      assert.match(result.stderr, pattern);
    }
  });
});
