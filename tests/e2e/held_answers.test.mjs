// Answers that are held whole in memory, of every kind of target: a client that takes them too slowly, or whose credential
// ends, holds them no longer than one that takes an answer piece by piece.
// Rooms: server target gate

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, askDatabase, assertRefused, eventually, makeDatabase, response, unlessBuilt } from './harness.mjs';

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
  api.paths['/kept'] = { post: { operationId: 'keepLarge', security, responses: { 200: { description: 'Done' } } } };
  configuration.operations.keepLarge = { permission: 'orders:write', sensitive: 'keep', sql: { statement: 'INSERT INTO kept VALUES (hex(zeroblob(450000))) RETURNING x', returns: 'one' } };
  api.paths['/conflict'] = { get: { operationId: 'findConflict', security, responses: { 409: conflict } } };
  configuration.operations.findConflict = { permission: 'orders:read', upstream: 'orders' };
}

const open = (change = () => {}) =>
  Desk.open({
    change: (configuration, api) => (addTargets(configuration, api), change(configuration, api)),
    before: ({ folder }) => makeDatabase(folder, 'desk.db', "CREATE TABLE owners(id INTEGER, owner TEXT, second TEXT); INSERT INTO owners VALUES (7, 'ann', 'bob'); CREATE TABLE kept(x TEXT)"),
  });

// Asks `count` times in a row and takes nothing: more than the kernel holds for it.
async function asksAndTakesNothing(desk, target, count, fields = `Authorization: Bearer ${desk.token}\r\n`) {
  const wire = await Wire.open(desk.port, desk.tls);
  wire.socket.pause();
  wire.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`.repeat(count));
  return wire;
}

// The first answers fit into the kernel's buffers; then one is held, and no event comes any more.
async function stands(desk, operation) {
  let [seen, since] = [0, Date.now()];
  await eventually(() => {
    const now = desk.gatehouse.events().filter((event) => event.operation === operation).length;
    if (now !== seen || now === 0) [seen, since] = [now, Date.now()];
    return Date.now() - since > 1500;
  }, 'an answer that stands');
}

// [name, target, operation, number of requests, bytes of one answer]
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
    await stands(desk, 'readLarge');
    const { status } = await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', key.id);
    assert.equal(status, 0);
    const event = await desk.gatehouse.event(({ reason }) => reason === 'credential_revoked', 'credential_revoked');
    assert.deepEqual([event.outcome, event.operation, event['http.response.status_code']], ['allowed', 'readLarge', 200]);
    assert.ok(event['http.response.body.size'] < 900_000);
    wire.destroy();
    await desk.close();
  });

  // The change of a reload, and whether the answer continues.
  const claims = { tenant: 'north', other_tenant: 'south', roles: ['clerk'], other_roles: ['clerk', 'auditor'] };
  for (const [what, change] of [
    ['nothing', undefined],
    ['its conditions', ({ operations }) => void (operations.readOwned.when = 'resource.owner == principal.id && principal.id != "ann"')],
    ['only the text of its lookup', ({ operations }) => void (operations.readOwned.resource.sql = 'SELECT second AS owner FROM owners WHERE id = :path.id')],
    ['only the text of its statement', ({ operations }) => void (operations.readOwned.sql.statement += ' AND second = :principal.id')],
    ['the roles of its caller', ({ authenticators }) => void (authenticators.userToken.roles = 'claims.other_roles')],
    ['the tenant of its caller', ({ authenticators }) => void (authenticators.userToken.tenant = 'claims.other_tenant')],
    ['what the roles of its caller grant', ({ roles }) => void roles.clerk.push('settlements:read')],
    ['its database', (configuration) => void (configuration.database = 'sqlite:other.db')],
  ]) {
    it(`of an object that its statement found ${change ? 'ends' : 'goes on'} where a reload changes ${what}`, async () => {
      const desk = await open((configuration) => {
        configuration.deadlines = { answer: '60s' };
        configuration.roles.auditor = ['orders:read'];
        Object.assign(configuration.authenticators.userToken, { roles: 'claims.roles', tenant: 'claims.tenant' });
      });
      makeDatabase(desk.folder, 'other.db', "CREATE TABLE owners(id INTEGER, owner TEXT, second TEXT); CREATE TABLE kept(x TEXT)");
      const token = await desk.issuer.token(claims);
      const wire = await asksAndTakesNothing(desk, '/owned/7', 16, `Authorization: Bearer ${token}\r\n`);
      const ended = () => desk.gatehouse.events().filter(({ operation, reason }) => operation === 'readOwned' && reason !== null);
      await stands(desk, 'readOwned');
      const reload = async () => {
        const reloads = () => desk.gatehouse.output.split('gatehouse: reloaded').length;
        const done = reloads();
        desk.writeFiles();
        desk.gatehouse.signal('SIGHUP');
        await eventually(() => reloads() > done, 'reload');
      };
      if (change) {
        change(desk.configuration);
        await reload();
        const [event] = await eventually(() => ended().length > 0 && ended(), 'the end of the answer');
        assert.deepEqual([event.outcome, event.reason], ['allowed', 'condition_error']);
      } else {
        await reload();
        await new Promise((resolve) => setTimeout(resolve, 2000)); // Longer than the watch takes.
        assert.deepEqual(ended(), []);
      }
      wire.destroy();
      await desk.close();
    });
  }

  it('counts in memory.bodies until its client has taken it, and a caller holds its share', async () => {
    const desk = await open((configuration) => {
      configuration.deadlines = { answer: '60s' };
      configuration.memory = { bodies: '8MiB' };
    });
    const used = async () => Number((await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text()).match(/^gatehouse_body_memory_bytes (\d+)/m)[1]);
    const wires = await Promise.all(Array.from({ length: 8 }, () => asksAndTakesNothing(desk, '/large', 16)));
    await eventually(() => desk.gatehouse.events().some(({ reason }) => reason === 'answers_overloaded'), 'a refusal of the one too many');
    // Until the wires hold all that one caller may: half of the memory, or nearly so.
    let [answer, refusals] = [undefined, 0];
    await eventually(async () => (refusals = (answer = await desk.get('/large')).status === 503 ? refusals + 1 : 0) >= 3, 'refusals in a row');
    assert.ok((await used()) >= 900_000 && (await used()) <= 5 << 20, `${await used()} bytes`);
    await assertRefused(desk.gatehouse, answer, { status: 503, error: 'unavailable', reason: 'answers_overloaded', stage: 'call', outcome: 'failed' });
    assert.equal((await desk.get('/large', await desk.bearerOf({ sub: 'bob' }))).status, 200, 'another caller has a share');

    const refused = await desk.send('POST', '/kept');
    const event = await assertRefused(desk.gatehouse, refused, { status: 503, error: 'unavailable', reason: 'answers_overloaded', stage: 'call', outcome: 'failed' });
    assert.equal(event.effect, 'none');
    assert.deepEqual(askDatabase(desk.folder, 'desk.db', 'SELECT count(*) FROM kept'), [[0]], 'what was refused is undone');

    wires.forEach((wire) => wire.destroy());
    await eventually(async () => (await used()) === 0, 'the memory given back');
    const kept = await desk.send('POST', '/kept');
    assert.equal(kept.status, 200);
    assert.equal((await desk.gatehouse.eventOf(kept.headers['x-request-id'])).effect, 'done');
    assert.deepEqual(askDatabase(desk.folder, 'desk.db', 'SELECT count(*) FROM kept'), [[1]]);
    await desk.close();
  });

  it('is complete for a client that reads it', async () => {
    const desk = await open();
    for (let count = 0; count < 3; ++count) {
      assert.deepEqual((await desk.get('/large')).json(), { x: '0'.repeat(900_000) });
    }
    const event = await desk.gatehouse.event(({ operation }) => operation === 'readLarge', 'readLarge');
    assert.deepEqual([event.outcome, event.reason, event['http.response.body.size']], ['allowed', null, 900_008]);
    await desk.close();
  });
});

describe('the values of a statement', unlessBuilt, () => {
  it('counts until the statement has really ended, though its request has gone', async () => {
    // Some seconds inside one function, which SQLite does not interrupt.
    const members = (name) => `(SELECT json_group_object('${name}' || i, 1) FROM n)`;
    const deaf = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 35000) SELECT length(json_patch(${members('a')}, ${members('b')})) AS i WHERE :body.text <> ''`;
    const desk = await open((configuration, api) => {
      const schema = { type: 'object', properties: { text: { type: 'string', maxLength: 50000 } } };
      api.paths['/deafly'] = { post: { operationId: 'deafly', security, requestBody: { required: true, content: { 'application/json': { schema } } }, responses: { 200: { description: 'Done' } } } };
      configuration.operations.deafly = { permission: 'orders:read', timeout: '300ms', sql: { statement: deaf, returns: 'one' } };
    });
    const metric = async (name) => Number((await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text()).match(new RegExp(`^gatehouse_${name} (\\d+)`, 'm'))[1]);
    const answer = await desk.post('/deafly', { text: 'x'.repeat(50_000) });
    await assertRefused(desk.gatehouse, answer, { status: 504, error: 'unavailable', reason: 'deadline_passed', outcome: 'failed' });
    assert.equal(await metric('statements_running'), 1, 'the test needs a function that takes longer');
    const held = await metric('body_memory_bytes');
    assert.ok(held >= 50_000 && held < 100_000, `${held} bytes: of the text, and not of its body any more`);
    await eventually(async () => (await metric('statements_running')) === 0, 'end of the function');
    await eventually(async () => (await metric('body_memory_bytes')) === 0, 'the memory given back');
    await desk.close();
  });
});
