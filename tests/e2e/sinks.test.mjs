// Sinks that stand still: what they hold up, which is nothing, and what is said about them.
// Rooms: audit app

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Desk, accepts, binary, eventually, sendUntilClosed, unlessBuilt } from './harness.mjs';

describe('a sink that nobody reads', unlessBuilt, () => {
  it('delays no sensitive operation, and shows in the metrics', async (test) => {
    const desk = await Desk.open({ change: (configuration) => configuration.log.push('stdout') });
    await desk.gatehouse.stop();
    // Its standard output is never read. How much the kernel takes before it is full is the kernel's affair.
    const server = spawn(binary, ['serve', '-c', 'gatehouse.yaml'], { cwd: desk.folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
    test.after(() => server.kill('SIGKILL'));
    server.stdout.pause();
    let told = '';
    server.stderr.on('data', (bytes) => (told += bytes));
    for (const port of [desk.port, desk.adminPort]) await eventually(() => accepts(port), 'listener');
    const headers = await desk.bearerOf({ roles: ['admin'] });
    const metrics = async () => (await sendUntilClosed(desk.adminPort, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', { tls: false }))[0].body.toString();
    const waiting = async () => Number(/gatehouse_event_sink_pending_bytes\{sink="stdout"\} (\d+)/.exec(await metrics())[1]);
    // Until the kernel takes no more: events wait, and a second later not one of them has gone.
    const stuck = async () => {
      const before = await waiting();
      if (before < 8192) return false;
      await sleep(1000);
      return (await waiting()) >= before;
    };
    for (let round = 0; round < 100 && !(await stuck()); ++round) await Promise.all(Array.from({ length: 50 }, () => desk.get('/orders', headers)));
    assert.ok((await waiting()) > 0, 'events that wait for stdout');
    for (let count = 0; count < 5; ++count) {
      const began = Date.now();
      assert.equal((await desk.get('/orders/export', headers)).status, 200);
      assert.ok(Date.now() - began < 1000, `${Date.now() - began} ms`);
    }
    await eventually(async () => /gatehouse_event_sink_stalled\{sink="stdout"\} 1/.test(await metrics()), 'the stall in the metrics', 20_000);
    await eventually(() => /stdout: has taken nothing for 10 s/.test(told), 'word to the operator', 20_000);
    const { stdout } = await desk.folder.run('log', '-c', 'gatehouse.yaml', '--operation', 'exportOrders', '--json');
    assert.ok(stdout.trim().split('\n').length >= 5, 'the store has them');
    server.kill('SIGTERM');
    await eventually(() => server.exitCode !== null, 'end of the process', 15_000);
    assert.match(told, /stdout: stands still at the end; \d+ events are left out of it/);
    await desk.close();
  });
});
