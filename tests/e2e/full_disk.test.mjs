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

    // The failure is known: the next ones do not wait for the disk, and health checks see it.
    const ready = async () => fetch(`http://127.0.0.1:${desk.adminPort}/health`).then(async (answer) => [answer.status, await answer.text()]);
    assert.deepEqual(await ready(), [503, 'the store takes no events\n']);
    const next = await desk.get('/orders/export', admin);
    assert.equal(next.status, 503);

    files('unlimited');
    const known = await desk.gatehouse.eventOf(next.headers['x-request-id']);
    assert.match(known.detail, /the store takes no events since its last failure/);
    for (const answer of refused) {
      const event = await assertRefused(desk.gatehouse, answer, { status: 503, error: 'unavailable', reason: 'record_unavailable', outcome: 'failed' });
      assert.equal(event.effect, 'none');
    }
    let again;
    await eventually(async () => (again = await desk.get('/orders/export', admin)).status === 200, 'a disk with room');
    answers.push(...refused, ...reads, next, again);
    await eventually(async () => (await ready())[0] === 200, 'readiness');
    assert.match(desk.gatehouse.output, /store: it takes events again/);

    // In the store: each request once, each intent with its end.
    const ids = new Set(answers.map(({ headers }) => headers['x-request-id']));
    const stored = async () => (await desk.folder.run('log', '-c', 'gatehouse.yaml', '--json')).stdout.trim().split('\n').map((line) => JSON.parse(line)).filter((event) => ids.has(event['request.id']));
    const ends = async () => (await stored()).filter((event) => event['event.name'] === 'request');
    await eventually(async () => (await ends()).length >= ids.size, 'all events in the store');
    assert.deepEqual((await ends()).map((event) => event['request.id']).sort(), [...ids].sort());
    await desk.close();
  });
});
