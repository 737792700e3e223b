// Answers that are held whole in memory, of every kind of target: a client that takes them too slowly, or whose credential
// ends, holds them no longer than one that takes an answer piece by piece.
// Rooms: server target gate

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, eventually, makeDatabase, response, unlessBuilt } from './harness.mjs';

const security = [{ partnerKey: [] }, { userToken: [] }];
const large = 'SELECT hex(zeroblob(450000)) AS x'; // An answer of 900 KB.
const conflict = { description: 'Conflict', content: { 'application/json': { schema: { type: 'object', properties: { conflict: { type: 'string', maxLength: 100000 } } } } } };

function addTargets(configuration, api) {
  configuration.workers = 1;
  configuration.database = 'sqlite:desk.db';
  api.paths['/large'] = { get: { operationId: 'readLarge', security, responses: { 200: { description: 'Done' } } } };
  api.paths['/owned/{id}'] = { get: { operationId: 'readOwned', security, parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 1, maximum: 9 } }], responses: { 200: { description: 'Done' } } } };
  configuration.operations.readOwned = { permission: 'orders:read', sql: { statement: `${large} FROM owners WHERE id = :path.id`, returns: 'one' },
    resource: { sql: 'SELECT owner FROM owners WHERE id = :path.id' }, when: 'resource.owner == principal.id' };
  configuration.operations.readLarge = { permission: 'orders:read', sql: { statement: large, returns: 'one' } };
  api.paths['/conflict'] = { get: { operationId: 'findConflict', security, responses: { 409: conflict } } };
  configuration.operations.findConflict = { permission: 'orders:read', upstream: 'orders' };
}

const open = (change = () => {}) =>
  Desk.open({
    change: (configuration, api) => (addTargets(configuration, api), change(configuration, api)),
    before: ({ folder }) => makeDatabase(folder, 'desk.db', "CREATE TABLE owners(id INTEGER, owner TEXT); INSERT INTO owners VALUES (7, 'ann')"),
  });

// Asks `count` times in a row and takes nothing: more than the kernel holds for it.
async function asksAndTakesNothing(desk, target, count, fields = `Authorization: Bearer ${desk.token}\r\n`) {
  const wire = await Wire.open(desk.port, desk.tls);
  wire.socket.pause();
  wire.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`.repeat(count));
  return wire;
}

// [what, target, operation, how often it is asked, bytes of one answer]
const kinds = [
  ['a statement', '/large', 'readLarge', 16, 900_000],
  ['an upstream, collected', '/conflict', 'findConflict', 250, 60_000],
];

describe('an answer that is held whole', unlessBuilt, () => {
  for (const [what, target, operation, count, size] of kinds) {
    it(`of ${what}: a client that takes a byte a second is client_slow`, async () => {
      const desk = await open((configuration) => (configuration.deadlines = { answer: '500ms' }));
      desk.upstream.answer = () => response(409, { conflict: 'x'.repeat(size) });
      const wire = await asksAndTakesNothing(desk, target, count);
      const timer = setInterval(() => wire.socket.read(1), 1000);
      const event = await desk.gatehouse.event(({ reason }) => reason === 'client_slow', 'client_slow');
      clearInterval(timer);
      assert.deepEqual([event.outcome, event.stage, event.operation], ['allowed', 'respond', operation]);
      assert.ok(event['http.response.body.size'] < size, `${event['http.response.body.size']} bytes were taken`);
      // Its patience, and a second for each 8 KiB of the slice that it did not take, not of the whole.
      assert.ok(event.duration_ms < 500 + size / 8, `${event.duration_ms} ms`);
      wire.destroy();
      await desk.close();
    });
  }

  it('ends with its client’s key', async () => {
    const desk = await open((configuration) => (configuration.deadlines = { answer: '60s' }));
    const key = await desk.createKey();
    const wire = await asksAndTakesNothing(desk, '/large', 16, `x-api-key: ${key.key}\r\n`);
    await eventually(() => desk.gatehouse.events().some(({ operation }) => operation === 'readLarge'), 'the first answers');
    const { status } = await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', key.id);
    assert.equal(status, 0);
    const event = await desk.gatehouse.event(({ reason }) => reason === 'credential_revoked', 'credential_revoked');
    assert.deepEqual([event.outcome, event.operation, event['http.response.status_code']], ['allowed', 'readLarge', 200]);
    assert.ok(event['http.response.body.size'] < 900_000);
    wire.destroy();
    await desk.close();
  });

  it('of an object that its statement found goes on behind a reload, while its conditions are as they were', async () => {
    const desk = await open((configuration) => (configuration.deadlines = { answer: '60s' }));
    const wire = await asksAndTakesNothing(desk, '/owned/7', 16);
    const ended = () => desk.gatehouse.events().filter(({ operation, reason }) => operation === 'readOwned' && reason !== null);
    await eventually(() => desk.gatehouse.events().some(({ operation }) => operation === 'readOwned'), 'the first answers');
    const reload = async () => {
      const reloads = () => desk.gatehouse.output.split('gatehouse: reloaded').length;
      const done = reloads();
      desk.writeFiles();
      desk.gatehouse.signal('SIGHUP');
      await eventually(() => reloads() > done, 'reload');
    };
    await reload();
    await new Promise((resolve) => setTimeout(resolve, 2000)); // Longer than the watch takes.
    assert.deepEqual(ended(), []);
    desk.configuration.operations.readOwned.when = 'resource.owner == principal.id && principal.id != "ann"';
    await reload();
    const [event] = await eventually(() => ended().length > 0 && ended(), 'the end of the answer');
    assert.deepEqual([event.outcome, event.reason], ['allowed', 'condition_error']);
    wire.destroy();
    await desk.close();
  });

  it('is whole for whom takes it', async () => {
    const desk = await open();
    for (let count = 0; count < 3; ++count) {
      assert.deepEqual((await desk.get('/large')).json(), { x: '0'.repeat(900_000) });
    }
    const event = await desk.gatehouse.event(({ operation }) => operation === 'readLarge', 'readLarge');
    assert.deepEqual([event.outcome, event.reason, event['http.response.body.size']], ['allowed', null, 900_008]);
    await desk.close();
  });
});
