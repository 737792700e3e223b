// A full disk: sensitive operations are not done, the others continue, and the record is complete when there
// is room again. A limit on the size of files (RLIMIT_FSIZE) simulates the disk: every write of the server
// fails.
// Rooms: audit db gate

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';

import { Desk, assertRefused, eventually, unlessBuilt } from './harness.mjs';

describe('a full disk', unlessBuilt, () => {
  it('stops sensitive operations alone, changes nothing meanwhile, and loses no event', async () => {
    const desk = await Desk.open();
    const admin = await desk.bearerOf({ roles: ['admin'] });
    const files = (size) => execFileSync('prlimit', ['--pid', String(desk.gatehouse.process.pid), `--fsize=${size}:`]);
    const answers = [await desk.get('/orders/export', admin)];
    assert.equal(answers[0].status, 200);

    files(1);
    const arrived = desk.upstream.requests.filter(({ target }) => target === '/orders/export').length;
    const refused = await Promise.all(Array.from({ length: 6 }, () => desk.get('/orders/export', admin)));
    const reads = [];
    for (let count = 0; count < 20; ++count) reads.push(await desk.get('/orders/1', admin));
    assert.deepEqual(reads.map(({ status }) => status), Array(20).fill(200));
    assert.equal(desk.upstream.requests.filter(({ target }) => target === '/orders/export').length, arrived, 'nothing was done');
    assert.match(desk.gatehouse.output, /store: .*sensitive operations are refused; retrying/);

    files('unlimited');
    for (const answer of refused) {
      const event = await assertRefused(desk.gatehouse, answer, { status: 503, error: 'unavailable', reason: 'record_unavailable', outcome: 'failed' });
      assert.equal(event.effect, 'none');
    }
    let again;
    await eventually(async () => (again = await desk.get('/orders/export', admin)).status === 200, 'a disk with room');
    answers.push(...refused, ...reads, again);

    // In the store: each request once, each intent with its end.
    const ids = new Set(answers.map(({ headers }) => headers['x-request-id']));
    const stored = async () => (await desk.folder.run('log', '-c', 'gatehouse.yaml', '--json')).stdout.trim().split('\n').map((line) => JSON.parse(line)).filter((event) => ids.has(event['request.id']));
    const ends = async () => (await stored()).filter((event) => event['event.name'] === 'request');
    await eventually(async () => (await ends()).length >= ids.size, 'all events in the store');
    assert.deepEqual((await ends()).map((event) => event['request.id']).sort(), [...ids].sort());
    await desk.close();
  });
});
