// Rules about objects that a statement finds: the ownership is checked in the transaction or the statement of
// the answer, so that no other object can replace it between the decision and the answer.
// Rooms: db policy target

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';

import { Desk, askDatabase, assertRefused, eventually, makeDatabase, unlessBuilt } from './harness.mjs';

const script = `
DROP TABLE IF EXISTS orders; DROP TABLE IF EXISTS lines; DROP TABLE IF EXISTS seen;
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer TEXT, title TEXT, level INTEGER, weight REAL, any_of);
INSERT INTO orders VALUES (1, 'ann', 'pens', 1, 0.5, 1), (2, 'bob', 'ink', 9, 9.5, 'x'), (3, NULL, 'lost', NULL, NULL, NULL),
  (4, 'ann', 'nothing in it', 2, 1.0, 2), (5, 'ANN', 'capitals', 1, 1.0, 1), (6, 'ann ', 'a space', 1, 1.0, 1),
  (7, 'bob', x'0001', 1, 1.0, 1), (8, 'bob', 'endless', 1, 9e999, 1);
CREATE TABLE lines(order_id INTEGER, position INTEGER, what TEXT);
INSERT INTO lines VALUES (1, 2, 'red'), (1, 1, 'blue'), (1, 3, 'black'), (2, 1, 'secret');
CREATE TABLE seen(customer TEXT);`;

const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } };
const word = (name) => ({ name, in: 'query', required: true, schema: { type: 'string', maxLength: 200 } });
const mine = 'resource.customer == principal.id || "auditor" in principal.roles';
const lookup = { sql: 'SELECT customer, title, level, weight, any_of FROM orders WHERE id = :path.id' };

// The same rule over every way of answering: [operationId, way, method, path, statement, returns, more].
const operations = [
  ['listLines', 'get', '/orders/{id}/lines', 'SELECT position, what FROM lines WHERE order_id = :path.id ORDER BY position', 'list'],
  ['readOrder', 'get', '/orders/{id}/whole', 'SELECT customer, title FROM orders WHERE id = :path.id', 'one'],
  ['firstLine', 'get', '/orders/{id}/first', 'SELECT what FROM lines WHERE order_id = :path.id ORDER BY position LIMIT 1', 'one'],
  // Not a comparison that a statement can make as CEL does.
  ['listByPrefix', 'get', '/orders/{id}/prefixed', 'SELECT customer, what FROM orders JOIN lines ON order_id = id WHERE id = :path.id', 'list',
    { when: 'resource.customer.startsWith(principal.id)' }],
  ['touchOrder', 'post', '/orders/{id}/touch', 'INSERT INTO seen SELECT customer FROM orders WHERE id = :path.id', 'none'],
  ['renameOrder', 'post', '/orders/{id}/rename', 'UPDATE orders SET title = :query.title WHERE id = :path.id RETURNING id, title', 'one', { parameters: [id, word('title')] }],
  ['removeOrder', 'delete', '/orders/{id}/all', 'DELETE FROM orders WHERE id = :path.id', 'none', { hide: false }],
  ['existing', 'get', '/orders/{id}/exists', 'SELECT 1 AS there', 'one', { when: undefined }],
  ['byJson', 'get', '/orders/{id}/by-json', 'SELECT customer FROM orders WHERE id = :path.id', 'one',
    { resource: { sql: "SELECT customer, json_extract(title, '$.a') AS a FROM orders WHERE id = :path.id" } }],
  ['picky', 'get', '/orders/{id}/json', "SELECT json_extract(:query.title, '$.a') AS t FROM orders WHERE id = :path.id", 'one', { parameters: [id, word('title')] }],
];

function addOperations(configuration, api) {
  configuration.database = 'sqlite:desk.db';
  configuration.roles.auditor = ['orders:read'];
  for (const [operationId, method, path, statement, returns, { parameters = [id], ...more } = {}] of operations) {
    api.paths[path] = { [method]: { operationId, security: [{ userToken: [] }], parameters, responses: { 200: { description: 'Done' } } } };
    configuration.operations[operationId] = {
      permission: method === 'get' ? 'orders:read' : 'orders:write', sql: { statement, returns }, resource: lookup, when: mine, ...more,
    };
  }
}

const refusal = (reason, more = {}) => ({ status: 404, error: 'not_found', reason, stage: 'authorise', ...more });

describe('objects that a statement finds', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open({ change: addOperations, before: ({ folder }) => makeDatabase(folder, 'desk.db', script) })));
  beforeEach(() => makeDatabase(desk.folder, 'desk.db', script));
  after(() => desk?.close());

  const ask = (question) => askDatabase(desk.folder, 'desk.db', question);
  const face = ({ text, headers, status }) => `${status} ${text.replaceAll(headers['x-request-id'], '')}`;

  it('are returned to callers that the conditions admit, in the order of the statement', async () => {
    assert.deepEqual((await desk.get('/orders/1/lines')).json(), [{ position: 1, what: 'blue' }, { position: 2, what: 'red' }, { position: 3, what: 'black' }]);
    assert.deepEqual((await desk.get('/orders/1/whole')).json(), { customer: 'ann', title: 'pens' });
    assert.deepEqual((await desk.get('/orders/1/first')).json(), { what: 'blue' });
    assert.equal((await desk.get('/orders/1/prefixed')).json().length, 3);
    assert.equal((await desk.get('/orders/2/lines', await desk.bearerOf({ roles: ['auditor'] }))).json().length, 1);
    assert.deepEqual((await desk.get('/orders/2/exists')).json(), { there: 1 });
  });

  it('may have nothing to answer with', async () => {
    assert.deepEqual((await desk.get('/orders/4/lines')).json(), []);
    await assertRefused(desk.gatehouse, await desk.get('/orders/4/first'), refusal('row_missing', { stage: 'call' }));
  });

  it('are written by callers that the conditions admit', async () => {
    assert.equal((await desk.send('POST', '/orders/1/touch')).status, 204);
    assert.deepEqual((await desk.send('POST', '/orders/1/rename?title=quills')).json(), { id: 1, title: 'quills' });
    assert.equal((await desk.send('DELETE', '/orders/1/all')).status, 204);
    assert.deepEqual(ask('SELECT customer FROM seen'), [['ann']]);
    assert.deepEqual(ask('SELECT count(*) FROM orders WHERE id = 1'), [[0]]);
  });

  it('of others cannot be distinguished from missing ones, read or written', async () => {
    for (const [operationId, method, path] of operations.filter(([name]) => !['existing', 'removeOrder'].includes(name))) {
      const send = (number) => desk.send(method.toUpperCase(), `${path.replace('{id}', number)}${/rename|\/json/.test(path) ? '?title=stolen' : ''}`);
      if (operationId === 'byJson') continue; // the next test
      const foreign = await send(2);
      assert.equal((await assertRefused(desk.gatehouse, foreign, refusal('condition_false'))).rule, `${operationId}.when`);
      const missing = await send(99);
      assert.equal((await assertRefused(desk.gatehouse, missing, refusal('object_missing'))).rule, `${operationId}.resource`);
      assert.equal(face(foreign), face(missing), operationId);
    }
    await assertRefused(desk.gatehouse, await desk.get('/orders/99/exists'), refusal('object_missing'));
    assert.deepEqual(ask('SELECT title FROM orders WHERE id = 2'), [['ink']]);
    assert.deepEqual(ask('SELECT count(*) FROM seen'), [[0]]);
  });

  it('that cannot be read look like missing ones, with any columns', async () => {
    for (const [operationId, method, path] of operations.filter(([name]) => !['existing', 'removeOrder'].includes(name))) {
      const send = (number) => desk.send(method.toUpperCase(), `${path.replace('{id}', number)}${/rename|\/json/.test(path) ? '?title=stolen' : ''}`);
      const missing = face(await send(99));
      for (const number of [2, 7, 8]) assert.equal(face(await send(number)), missing, `${operationId} ${number}`);
    }
    const mine = await desk.get('/orders/1/by-json');
    assert.equal(face(mine), face(await desk.get('/orders/99/by-json')), 'its own row cannot be read either');
    assert.equal((await desk.gatehouse.eventOf(mine.headers['x-request-id'])).reason, 'condition_error');
  });

  it('are named as refused where they are not hidden', async () => {
    await assertRefused(desk.gatehouse, await desk.send('DELETE', '/orders/2/all'), refusal('condition_false', { status: 403, error: 'forbidden' }));
    await assertRefused(desk.gatehouse, await desk.send('DELETE', '/orders/99/all'), refusal('object_missing'));
    assert.deepEqual(ask('SELECT count(*) FROM orders'), [[8]]);
  });

  it('belong to exactly one owner: a different case, space, null or number does not match', async () => {
    for (const number of [3, 5, 6]) {
      for (const path of ['lines', 'whole']) await assertRefused(desk.gatehouse, await desk.get(`/orders/${number}/${path}`), refusal('condition_false'));
    }
    for (const sub of ["ann' OR '1'='1", 'bob --', '%', '*', 'BOB', 'bob ', ' bob', 'bob\u0000', 'null', '2']) {
      assert.equal((await desk.get('/orders/2/whole', await desk.bearerOf({ sub }))).status, 404, sub);
    }
  });

  it('show no effect of the statement on them', async () => {
    // The statement fails on every row whose title is not JSON: for a foreign object this must not show.
    assert.equal((await desk.get('/orders/1/json?title=x')).status, 400);
    assert.equal(face(await desk.get('/orders/2/json?title=x')), face(await desk.get('/orders/99/json?title=x')));
  });

  // Another program changes the owner as fast as it can. Every answered or written row was ann's at that
  // moment.
  it('do not change between the decision and the answer', async () => {
    const program = `import sqlite3, sys, threading, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
turns = 0
while not stop.is_set():
    try:
        connection.execute("UPDATE orders SET customer = CASE customer WHEN 'ann' THEN 'bob' ELSE 'ann' END WHERE id = 1")
        turns += 1
    except sqlite3.OperationalError: # locked: again
        pass
    time.sleep(0.001) # others want to write too
print(turns)`;
    const thief = spawn('python3', ['-c', program, join(desk.folder.path, 'desk.db')], { stdio: ['pipe', 'pipe', 'inherit'] });
    let turns = '';
    thief.stdout.on('data', (bytes) => (turns += bytes));
    const admitted = { whole: 0, prefixed: 0, touch: 0 };
    const refused = { ...admitted };
    const rounds = async (kind) => {
      // The thief is another process: on a busy machine its turn may come late.
      const begun = Date.now();
      for (let i = 0; i < 150 || (Math.min(admitted[kind], refused[kind]) === 0 && Date.now() - begun < 30_000); i += 1) {
        const answer = await desk.send(kind === 'touch' ? 'POST' : 'GET', `/orders/1/${kind}`);
        // 503 and 504: the database was busy for too long, and nothing was done.
        assert.ok([200, 204, 404, 503, 504].includes(answer.status), `${kind}: ${answer.status} ${answer.text}`);
        if (answer.status === 404) refused[kind] += 1;
        if (answer.status < 300) admitted[kind] += 1;
        if (answer.status === 200) assert.doesNotMatch(answer.text, /bob/, kind);
      }
    };
    const ended = new Promise((resolve) => thief.on('close', resolve));
    try {
      await Promise.all(Object.keys(admitted).flatMap((kind) => [rounds(kind), rounds(kind), rounds(kind)]));
    } finally {
      thief.stdin.end();
      await ended;
    }
    assert.ok(Number(turns) > 10, `${turns} turns`);
    for (const kind of Object.keys(admitted)) assert.ok(admitted[kind] > 0 && refused[kind] > 0, `${kind}: ${admitted[kind]} admitted, ${refused[kind]} refused`);
    assert.deepEqual(ask("SELECT count(*), sum(customer = 'ann') FROM seen"), [[admitted.touch, admitted.touch]]);
  });
});

// The intent of such an operation is kept before its conditions are asked: the transaction asks them.
describe('a sensitive operation on an object that a statement finds', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({
      change: (configuration, api) => {
        addOperations(configuration, api);
        for (const name of ['renameOrder', 'readOrder', 'touchOrder']) configuration.operations[name].sensitive = 'order';
        Object.assign(configuration.operations.firstLine, { sensitive: 'order', when: '(resource.customer == principal.id || has(resource.level)) && principal.mfa' });
        Object.assign(configuration.operations.listByPrefix, { sensitive: 'order', when: ['resource.customer.startsWith(principal.id)', 'principal.mfa'] });
      },
      before: ({ folder }) => makeDatabase(folder, 'desk.db', script),
    });
  });
  after(() => desk?.close());

  const told = async (id) => (await desk.folder.run('why', '-c', 'gatehouse.yaml', id)).stdout;
  const logged = async (id, ...more) => (await desk.folder.run('log', '-c', 'gatehouse.yaml', ...more)).stdout.split('\n').filter((line) => line.includes(id));

  for (const [what, method, path, reason] of [
    ['another’s, to be changed', 'POST', '/orders/2/rename?title=stolen', 'condition_false'],
    ['another’s, to be read', 'GET', '/orders/2/whole', 'condition_false'],
    ['not there', 'POST', '/orders/99/touch', 'object_missing'],
  ]) {
    it(`that is ${what}: says that nothing was done`, async () => {
      const answer = await desk.send(method, path);
      const event = await assertRefused(desk.gatehouse, answer, refusal(reason));
      const id = event['request.id'];
      assert.equal(event.effect, 'none');
      await eventually(async () => (await logged(id)).length === 2, 'both events in the store');
      const [intent, end] = (await logged(id, '--json')).map((line) => JSON.parse(line)).sort((a) => (a['event.name'] === 'intent' ? -1 : 1));
      assert.deepEqual([intent['event.name'], intent.stage, intent.outcome, intent.effect], ['intent', 'authorise', null, undefined]);
      assert.deepEqual([end.outcome, end.stage, end.reason, end.effect], ['refused', 'authorise', reason, 'none']);
      assert.match((await logged(id)).join('\n'), new RegExp(`${reason} .*: nothing was done`));
      assert.match(await told(id), /Nothing was done: the target was not called, or its transaction was rolled back\./);
      assert.doesNotMatch(await told(id), /may have been called/);
    });
  }

  for (const [operationId, path, rule] of [['firstLine', 'first', 'firstLine.when'], ['listByPrefix', 'prefixed', 'listByPrefix.when[1]']]) {
    it(`that is refused whatever the object is leaves no intent, and says nothing of it (${operationId})`, async () => {
      const faces = new Set();
      for (const number of [1, 2, 99]) {
        const answer = await desk.get(`/orders/${number}/${path}`);
        const event = await assertRefused(desk.gatehouse, answer, refusal('condition_false'));
        assert.deepEqual([event.rule, event.effect], [rule, 'none']);
        faces.add(`${answer.status} ${answer.text.replaceAll(event['request.id'], '')}`);
        await eventually(async () => (await logged(event['request.id'])).length > 0, 'the event in the store');
        assert.equal((await logged(event['request.id'])).length, 1, 'its end alone');
      }
      assert.equal(faces.size, 1);
      const proven = await desk.bearerOf({ amr: ['pwd', 'mfa'] });
      const answer = await desk.get(`/orders/1/${path}`, proven);
      assert.equal(answer.status, 200);
      await eventually(async () => (await logged(answer.headers['x-request-id'])).length === 2, 'its intent and its end');
    });
  }

  it('changes nothing where it is refused, and says so where it was done', async () => {
    assert.deepEqual(askDatabase(desk.folder, 'desk.db', 'SELECT title FROM orders WHERE id = 2'), [['ink']]);
    const done = await desk.send('POST', '/orders/1/rename?title=quills');
    assert.equal(done.status, 200);
    const event = await desk.gatehouse.eventOf(done.headers['x-request-id']);
    assert.deepEqual([event.outcome, event.effect], ['allowed', 'done']);
    const refused = await desk.send('POST', '/orders/1/rename?title=quills', { headers: {} });
    const before = await assertRefused(desk.gatehouse, refused, { status: 401, error: 'authentication_required', reason: 'credential_missing' });
    assert.equal(before.effect, 'none');
    assert.equal((await logged(before['request.id'])).length, 1, 'no intent of what was refused before');
    const ordinary = await desk.get('/orders/1/lines');
    assert.equal('effect' in (await desk.gatehouse.eventOf(ordinary.headers['x-request-id'])), false);
  });
});
