// Sinks of the log: a stalled one blocks nothing and is reported, and none loses stored events: each
// continues at its position, after a restart too.
// Rooms: audit app

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Desk, accepts, binary, eventually, sendUntilClosed, unlessBuilt } from './harness.mjs';

// The events of the store.
const events = async (desk) => (await desk.folder.run('log', '-c', 'gatehouse.yaml', '--json')).stdout.trim().split('\n').map((line) => JSON.parse(line));
// The events in a text in which lines may be cut.
const wholeLines = (text) => text.split('\n').flatMap((line) => {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
});

describe('a sink without a reader', unlessBuilt, () => {
  it('delays no sensitive operation, and shows in the metrics', async (test) => {
    const desk = await Desk.open({ change: (configuration) => configuration.log.push('stdout') });
    await desk.gatehouse.stop();
    // Its standard output is never read. How much the kernel takes before it is full is the kernel's affair.
    const server = spawn(binary, ['serve', '-c', 'gatehouse.yaml'], { cwd: desk.folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
    test.after(() => server.kill('SIGKILL'));
    server.stdout.pause();
    let taken = '';  // by the pipe: Node reads it when the process has ended
    server.stdout.on('data', (bytes) => (taken += bytes));
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
    await eventually(() => /stdout: has accepted nothing for 10 s/.test(told), 'word to the operator', 20_000);
    const { stdout } = await desk.folder.run('log', '-c', 'gatehouse.yaml', '--operation', 'exportOrders', '--json');
    assert.ok(stdout.trim().split('\n').length >= 5, 'the store has them');
    server.kill('SIGTERM');
    await eventually(() => server.exitCode !== null, 'end of the process', 15_000);
    assert.match(told, /stdout: is stalled at the end; \d+ bytes of events wait for it in the store, and follow at the next start/);

    // The output of the pipe and that of the next process: together all events of the store.
    taken = `${desk.gatehouse.output}\n${taken}`;
    await desk.start();
    const all = (await events(desk)).map((event) => event['request.id'] + event['event.name']);
    await eventually(() => {
      const had = new Set(wholeLines(`${taken}\n${desk.gatehouse.output}`).map((event) => event['request.id'] + event['event.name']));
      return all.every((one) => had.has(one));
    }, 'every event of the store on standard output', 20_000);
    await desk.close();
  });
});

describe('the file of the log', unlessBuilt, () => {
  it('has every event once when servers end in order, and none less when they are killed', async () => {
    const desk = await Desk.open();
    const ask = async (count) => { for (let i = 0; i < count; ++i) assert.equal((await desk.get('/orders/1')).status, 200); };
    const idsOf = (list) => list.map((event) => event['request.id']).sort();
    for (let round = 0; round < 3; ++round) {
      await ask(20);
      await desk.gatehouse.stop();
      assert.deepEqual(idsOf(desk.gatehouse.events()), idsOf(await events(desk)));
      await desk.start();
    }
    for (let round = 0; round < 3; ++round) {
      await ask(20);
      desk.gatehouse.signal('SIGKILL');
      await desk.gatehouse.ended();
      const stored = idsOf(await events(desk));
      await desk.start();
      await eventually(() => { const had = new Set(idsOf(desk.gatehouse.events())); return stored.every((id) => had.has(id)); }, 'what the store had');
    }
    await desk.close();
  });

  it('gets the events of its outage, each once, when it can be written again', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.log = [{ file: 'logs/events.jsonl' }]) });
    const log = () => wholeLines(desk.folder.read('logs/events.jsonl')).map((event) => event['request.id']);
    const first = (await desk.get('/orders/1')).headers['x-request-id'];
    await eventually(() => log().includes(first), 'the first event');
    // SIGHUP opens the file again, which is a folder now.
    renameSync(`${desk.folder.path}/logs/events.jsonl`, `${desk.folder.path}/logs/old.jsonl`);
    mkdirSync(`${desk.folder.path}/logs/events.jsonl`);
    desk.gatehouse.signal('SIGHUP');
    await eventually(async () => {
      await desk.get('/orders/1');
      return /logs\/events\.jsonl: cannot open .*retrying/.test(desk.gatehouse.output);
    }, 'word to the operator');
    const old = wholeLines(desk.folder.read('logs/old.jsonl')).map((event) => event['request.id']);
    for (let count = 0; count < 20; ++count) await desk.get('/orders/1');
    rmdirSync(`${desk.folder.path}/logs/events.jsonl`);
    const stored = async () => (await events(desk)).map((event) => event['request.id']);
    await eventually(async () => {
      try {
        assert.deepEqual([...old, ...log()].sort(), (await stored()).sort());
        return true;
      } catch {
        return false;
      }
    }, 'all events behind those in the old file', 20_000);
    assert.ok(log().length >= 20);
    await desk.close();
  });
});

describe('the metrics of events', unlessBuilt, () => {
  it('count each event of the server once, from its start on', async () => {
    const desk = await Desk.open();
    const refusals = async () => Number(/^gatehouse_refusals_total\{stage="authenticate",reason="credential_missing"\} (\d+)$/m.exec(
      await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text())?.[1] ?? 0);
    const ask = (times) => Promise.all(Array.from({ length: times }, async () => assert.equal((await desk.get('/orders', {})).status, 401)));
    await ask(50);
    await eventually(async () => (await refusals()) === 50, 'the counts');
    // Another process writes to the same log.
    const made = await desk.folder.run('key', 'create', '-c', 'gatehouse.yaml', '--principal', 'partner:counted', '--role', 'partner');
    assert.equal(made.status, 0, made.stderr);
    await desk.gatehouse.stop();
    await desk.start();
    assert.equal(await refusals(), 0, 'as a counter of Prometheus begins again');
    await ask(30);
    await eventually(async () => (await refusals()) === 30, 'the counts');
    const text = await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text();
    assert.match(text, /^gatehouse_events_accepted 1$/m);
    assert.doesNotMatch(text, /gatehouse_events_total\{name="key"\}/, 'another process has counted nothing here');
    await desk.close();
  });
});
