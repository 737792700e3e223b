// The commands for operators: keys, the log, and why.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, eventually, unlessBuilt } from './harness.mjs';

describe('gatehouse key', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  const key = (...words) => desk.folder.run('key', words[0], '-c', 'gatehouse.yaml', ...words.slice(1));

  it('shows a key once', async () => {
    const made = await desk.createKey('partner:once');
    const { stdout } = await key('list');
    assert.ok(stdout.includes(made.id));
    assert.ok(stdout.includes('partner:once'));
    assert.ok(!stdout.includes(made.key));
    assert.ok(!(await key('list', '--json')).stdout.includes(made.key));
  });

  it('does not give a role that the configuration does not have', async () => {
    const { status, stderr } = await key('create', '--principal', 'partner:x', '--role', 'emperor');
    assert.equal(status, 1);
    assert.match(stderr, /emperor/);
  });

  it('does not revoke what is not there', async () => {
    assert.equal((await key('revoke', 'nothing')).status, 1);
  });

  it('remembers when a key was last used', async () => {
    const made = await desk.createKey('partner:used');
    assert.equal((await desk.get('/orders/1', { 'x-api-key': made.key })).status, 200);
    await eventually(async () => {
      const keys = (await key('list', '--json')).stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
      return keys.find(({ id }) => id === made.id).last_used.startsWith('20');
    }, 'time of last use');
  });
});

describe('gatehouse log and why', unlessBuilt, () => {
  let desk;
  let refused;
  before(async () => {
    desk = await Desk.open();
    await desk.get('/orders/1');
    refused = (await desk.get('/users')).json().correlation_id;
    await desk.get('/orders/x');
    await eventually(async () => (await log('--json')).length >= 3, 'events in the store');
  });
  after(() => desk?.close());

  const log = async (...words) => (await desk.folder.run('log', '-c', 'gatehouse.yaml', '--json', ...words)).stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));

  it('finds events by user, operation, address, outcome and time', async () => {
    assert.equal((await log('--user', 'ann')).length, 3);
    assert.equal((await log('--user', 'nobody')).length, 0);
    assert.deepEqual((await log('--operation', 'listUsers')).map((event) => event['request.id']), [refused]);
    assert.equal((await log('--outcome', 'allowed')).length, 1);
    const requests = (await log('--ip', '127.0.0.1', '--since', '1h')).filter((event) => event['event.name'] === 'request');
    assert.equal(requests.length, 3);
    assert.equal((await log('--ip', '203.0.113.1')).length, 0);
  });

  it('takes no SQL for a filter', async () => {
    assert.equal((await log('--user', "' OR 1=1 --")).length, 0);
  });

  it('is a table for people', async () => {
    const { stdout } = await desk.folder.run('log', '-c', 'gatehouse.yaml');
    assert.match(stdout, /listUsers/);
    assert.doesNotMatch(stdout, /^\{/m);
  });

  it('says why one request was refused', async () => {
    const { status, stdout } = await desk.folder.run('why', '-c', 'gatehouse.yaml', refused);
    assert.equal(status, 0);
    for (const word of ['permission_missing', 'listUsers', 'ann', 'authorise']) assert.ok(stdout.includes(word), `${word} is not in\n${stdout}`);
  });

  it('says so when it knows nothing', async () => {
    const { status, stderr } = await desk.folder.run('why', '-c', 'gatehouse.yaml', '01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11');
    assert.equal(status, 1);
    assert.notEqual(stderr, '');
  });
});
