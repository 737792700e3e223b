// Operations answered by SQL: fixed when the server starts, values bound, nothing of the database outside.
// Rooms: db docs target

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, askDatabase, assertRefused, eventually, lockDatabase, makeDatabase, undiciClient, unlessBuilt } from './harness.mjs';

const script = `
CREATE TABLE orders(id INTEGER PRIMARY KEY, title TEXT NOT NULL, customer TEXT NOT NULL);
INSERT INTO orders VALUES (1, 'blue pen', 'ann'), (2, 'red pen', 'bob'), (3, 'it''s ink', 'ann');
CREATE VIRTUAL TABLE orders_fts USING fts5(title, content='orders', content_rowid='id');
INSERT INTO orders_fts(orders_fts) VALUES ('rebuild');
CREATE TABLE secrets(value TEXT); INSERT INTO secrets VALUES ('hunter2');
CREATE TABLE fragile(id INTEGER PRIMARY KEY);
CREATE TABLE pairs(open TEXT, hidden TEXT); INSERT INTO pairs VALUES ('o', 'h');
CREATE TABLE tries(what TEXT); CREATE TABLE seats(id INTEGER PRIMARY KEY, customer TEXT); INSERT INTO seats VALUES (1, 'ann');
CREATE TRIGGER taking BEFORE INSERT ON seats BEGIN INSERT INTO tries VALUES ('taken'); END;
CREATE TRIGGER giving BEFORE UPDATE ON seats BEGIN INSERT INTO tries VALUES ('given'); SELECT RAISE(IGNORE); END;`;

const text = (name, more = {}) => ({ name, in: 'query', required: true, schema: { type: 'string', maxLength: 200 }, ...more });

function addSql(configuration, api) {
  configuration.database = 'sqlite:desk.db';
  const responses = { 200: { description: 'Done' } };
  const security = [{ userToken: [] }];
  const add = (path, operationId, parameters, statement, returns, method = 'get') => {
    api.paths[path] = { [method]: { operationId, security, parameters, responses } };
    configuration.operations[operationId] = { permission: method === 'get' ? 'orders:read' : 'orders:write', sql: { statement, returns } };
  };
  add('/search', 'searchOrders', [text('q'), { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 10, default: 10 } }],
    'SELECT rowid AS id, title FROM orders_fts WHERE orders_fts MATCH :query.q LIMIT :query.limit', 'list');
  add('/titles', 'findTitle', [text('title')], 'SELECT id FROM orders WHERE title = :query.title', 'list');
  add('/records/{id}', 'getRecord', [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
    'SELECT id, title FROM orders WHERE id = :path.id AND customer = :principal.id', 'one');
  add('/records/{id}/touch', 'touchRecord', [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
    'UPDATE orders SET customer = customer WHERE id = :path.id', 'none', 'post');
  add('/slow', 'countSlowly', [], 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT max(i) AS i FROM n', 'one');
  configuration.operations.countSlowly.timeout = '300ms';
  add('/fragile', 'listFragile', [], 'SELECT id FROM fragile', 'list');
  // The texts of a caller as a time: everything that SQLite accepts as one, or its schema's format.
  const ages = "SELECT id FROM (SELECT 1 AS id, '2020-01-01 00:00:00' AS at UNION SELECT 2, '2999-01-01 00:00:00') WHERE datetime(at) >= datetime(:query.since)";
  add('/loosely-since', 'listLooselySince', [text('since')], ages, 'list');
  add('/since', 'listSince', [text('since', { schema: { type: 'string', format: 'date-time', maxLength: 40 } })], ages, 'list');
  add('/pairs', 'listPairs', [], 'SELECT * FROM pairs', 'list');
  // Their triggers write also where no row comes out.
  const seat = [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }];
  const owned = { resource: { sql: 'SELECT customer FROM seats WHERE id = :path.id' }, when: 'resource.customer == principal.id' };
  for (const [name, more] of [['Seat', {}], ['OwnSeat', owned]]) {
    add(`/take${name}/{id}`, `take${name}`, seat, 'INSERT INTO seats VALUES (:path.id, :principal.id) ON CONFLICT DO NOTHING RETURNING id', 'one', 'post');
    add(`/give${name}/{id}`, `give${name}`, seat, "UPDATE seats SET customer = 'bob' WHERE id = :path.id RETURNING id", 'one', 'post');
    for (const verb of ['take', 'give']) Object.assign(configuration.operations[verb + name], { sensitive: 'seats', ...more });
  }
}

describe('SQL', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open({ change: addSql, before: ({ folder }) => makeDatabase(folder, 'desk.db', script) })));
  after(() => desk?.close());

  const titles = async (title) => (await desk.get(`/titles?title=${encodeURIComponent(title)}`)).json();

  it('answers a list, one row, or nothing', async () => {
    assert.deepEqual((await desk.get('/search?q=pen&limit=10')).json().map(({ title }) => title).sort(), ['blue pen', 'red pen']);
    assert.deepEqual((await desk.get('/search?q=pencil&limit=10')).json(), []);
    assert.deepEqual((await desk.get('/records/1')).json(), { id: 1, title: 'blue pen' });
    const nothing = await desk.send('POST', '/records/1/touch');
    assert.equal(nothing.status, 204);
    assert.equal(nothing.text, '');
  });

  it('answers HEAD with the fields of GET and no body', async () => {
    const [get, head] = [await desk.get('/records/1'), await desk.send('HEAD', '/records/1')];
    for (const name of ['content-length', 'content-type', 'cache-control']) assert.equal(head.headers[name], get.headers[name], name);
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal((await desk.send('HEAD', '/records/99')).status, 404);
  });

  it('is 404 where one row was due and none is there', async () => {
    for (const id of [2, 99]) {
      await assertRefused(desk.gatehouse, await desk.get(`/records/${id}`), { status: 404, error: 'not_found', reason: 'row_missing' });
    }
  });

  it('changes nothing where the one row of a write is missing, also by triggers', async () => {
    for (const name of ['takeSeat', 'giveSeat', 'takeOwnSeat', 'giveOwnSeat']) {
      const event = await assertRefused(desk.gatehouse, await desk.send('POST', `/${name}/1`), { status: 404, error: 'not_found', reason: 'row_missing' });
      assert.deepEqual(askDatabase(desk.folder, 'desk.db', 'SELECT what FROM tries'), [], name);
      assert.deepEqual([event.effect, event.rule], ['none', `${name}.sql`]);
    }
    assert.deepEqual((await desk.send('POST', '/takeSeat/2')).json(), { id: 2 });
    assert.deepEqual(askDatabase(desk.folder, 'desk.db', 'SELECT what FROM tries'), [['taken']]);
  });

  it('takes every text for text', async () => {
    assert.deepEqual(await titles("it's ink"), [{ id: 3 }]);
    for (const title of ["' OR '1'='1", "'; DROP TABLE orders; --", "' UNION SELECT value FROM secrets --", ':query.title', '?1', '$1', '\\', '"', '%', '\u2019 OR 1=1']) {
      assert.deepEqual(await titles(title), [], title);
    }
    assert.deepEqual(askDatabase(desk.folder, 'desk.db', 'SELECT count(*) FROM orders'), [[3]]);
  });

  it('takes a text for a time as SQLite does, unless its schema says which texts are times', async () => {
    const ask = (path, since) => desk.get(`${path}?since=${encodeURIComponent(since)}`);
    for (const since of ['now', '2461000.5', '2461000.50', '2026-01-01', '2026-01-01T00:00:00Z']) assert.deepEqual((await ask('/loosely-since', since)).json(), [{ id: 2 }], since);
    assert.deepEqual((await ask('/loosely-since', 'yesterday')).json(), []);
    assert.deepEqual((await ask('/since', '2026-01-01T00:00:00Z')).json(), [{ id: 2 }]);
    for (const since of ['now', '2461000.5', '2026-01-01', '12:00', 'NOW', '']) {
      await assertRefused(desk.gatehouse, await ask('/since', since), { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
    }
  });

  it('withholds the search engine\'s error for malformed input', async () => {
    for (const query of ['"', 'title:', 'secrets: x', 'NEAR(', 'a AND', '*', '(', '-pen', 'orders_fts : (', "'", 'a"b', '^']) {
      const answer = await desk.get(`/search?q=${encodeURIComponent(query)}&limit=10`);
      assert.ok([200, 400].includes(answer.status), `${query}: ${answer.status} ${answer.text}`);
      assert.doesNotMatch(answer.text, /fts|syntax|column|sqlite|SQL/i);
      if (answer.status === 400) await assertRefused(desk.gatehouse, answer, { status: 400, error: 'invalid_request', reason: 'statement_refused' });
    }
  });

  it('says to operators which statement failed and how, and quotes no value', async () => {
    for (const query of ['"hunter2', 'hunter2 : x', 'hunter2:']) {
      const answer = await desk.get(`/search?q=${encodeURIComponent(query)}&limit=10`);
      const event = await assertRefused(desk.gatehouse, answer, { status: 400, error: 'invalid_request', reason: 'statement_refused' });
      assert.equal(event.rule, 'searchOrders.sql');
      assert.equal(event.detail, 'SQL logic error (SQLite 1)');
      assert.doesNotMatch((await desk.folder.run('why', '-c', 'gatehouse.yaml', event['request.id'])).stdout, /hunter2/);
    }
    assert.doesNotMatch(desk.folder.read('events.jsonl') + desk.gatehouse.output, /hunter2/);
  });

  it('that takes too long is stopped, and the next is served', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => desk.get('/slow')));
    const [late, unbegun] = [answers.filter(({ status }) => status === 504), answers.filter(({ status }) => status !== 504)];
    for (const answer of late) await assertRefused(desk.gatehouse, answer, { status: 504, error: 'unavailable', reason: 'deadline_passed', outcome: 'failed' });
    for (const answer of unbegun) await assertRefused(desk.gatehouse, answer, { status: 503, error: 'unavailable', reason: 'database_overloaded', outcome: 'failed' });
    assert.ok(late.length >= 1, `${unbegun.length} had no turn`);
    assert.equal((await desk.get('/records/1')).status, 200);
  });

  it('says so when another program holds the database, and comes back', async () => {
    const lock = await lockDatabase(desk.folder, 'desk.db');
    const answer = await desk.send('POST', '/records/1/touch');
    assert.equal((await desk.get('/records/1')).status, 200, 'a reader does not wait for a writer');
    await lock.release();
    await assertRefused(desk.gatehouse, answer, { status: 503, error: 'unavailable', reason: 'database_overloaded', outcome: 'failed' });
    assert.equal((await desk.send('POST', '/records/1/touch')).status, 204);
  });

  it('says nothing of a database that fails', async () => {
    assert.equal((await desk.get('/fragile')).status, 200);
    makeDatabase(desk.folder, 'desk.db', 'DROP TABLE fragile');
    const answer = await desk.get('/fragile');
    const event = await assertRefused(desk.gatehouse, answer, { status: 503, error: 'unavailable', reason: 'database_changed', outcome: 'failed' });
    assert.doesNotMatch(answer.text, /fragile|table/i);
    assert.doesNotMatch(event.detail, /fragile/);
  });

  it('gives no value under the name of another column where a table was made anew, until a reload', async () => {
    assert.deepEqual((await desk.get('/pairs')).json(), [{ open: 'o', hidden: 'h' }]);
    makeDatabase(desk.folder, 'desk.db', "DROP TABLE pairs; CREATE TABLE pairs(hidden TEXT, open TEXT); INSERT INTO pairs VALUES ('h', 'o')");
    const event = await assertRefused(desk.gatehouse, await desk.get('/pairs'), { status: 503, error: 'unavailable', reason: 'database_changed', outcome: 'failed' });
    assert.match(event.detail, /gives other columns; reload/);
    assert.equal(event.rule, 'listPairs.sql');
    assert.equal((await desk.get('/records/1')).status, 200, 'of other tables');
  });
});

// One caller leaves the others their share of the database's threads, with any requests.
describe('SQL that takes long', unlessBuilt, () => {
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT max(i) AS i FROM n';
  // Some seconds inside one function, which SQLite does not interrupt.
  const members = (name, count) => `(SELECT json_group_object('${name}' || i, 1) FROM n WHERE i < ${count})`;
  const deaf = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 35000) SELECT length(json_patch(${members('a', 35000)}, ${members('b', 35000)})) AS i`;
  let desk;
  before(async () => {
    desk = await Desk.open({
      change: (configuration, api) => {
        addSql(configuration, api);
        configuration.operations.countSlowly.sql.statement = endless;
        configuration.operations.countSlowly.timeout = '20s';
        configuration.defaults.timeout = '10s';
        for (const [operationId, statement, returns, method, more] of [
          ['deafly', deaf, 'one', 'get', { timeout: '300ms', concurrency: 1 }],
          ['writeSlowly', `INSERT INTO fragile ${endless}`, 'none', 'post', { timeout: '3s' }],
          ['writeBriefly', `INSERT INTO fragile SELECT max(id) + 1 FROM (SELECT id FROM fragile UNION ALL SELECT 0) WHERE 0`, 'none', 'post', { timeout: '8s' }],
        ]) {
          api.paths[`/${operationId}`] = { [method]: { operationId, security: [{ userToken: [] }], responses: { 200: { description: 'Done' } } } };
          configuration.operations[operationId] = { permission: 'orders:read', sql: { statement, returns }, ...more };
        }
      },
      before: ({ folder }) => makeDatabase(folder, 'desk.db', script),
    });
  });
  after(() => desk?.close());

  const running = async () => Number((await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text()).match(/^gatehouse_statements_running (\d+)/m)[1]);
  const leaving = (method, target, more = {}) => {
    const client = undiciClient({ ca: desk.authority.certificate });
    const answer = desk.send(method, target, { client, ...more }).catch(() => 'left');
    return { answer, leave: () => client.close() };
  };

  it('leaves other callers and other targets theirs, and ends when its caller leaves', async () => {
    const slow = Array.from({ length: 12 }, () => leaving('GET', '/slow'));
    await eventually(running, 'slow statements');
    const bob = await desk.bearerOf({ sub: 'bob' });
    for (let i = 0; i < 20; i += 1) {
      const begun = Date.now();
      assert.deepEqual((await desk.get('/titles?title=blue%20pen', bob)).json(), [{ id: 1 }]);
      assert.equal((await desk.get('/orders/1')).status, 200);
      assert.ok(Date.now() - begun < 1000, `${Date.now() - begun} ms`);
    }
    for (const one of slow) one.leave();
    await eventually(async () => (await running()) === 0, 'end of the statements', 5000);
  });

  it('is refused, with a time to come again, where it gets no turn', async () => {
    const slow = Array.from({ length: 4 }, () => leaving('GET', '/slow'));
    await eventually(running, 'slow statements');
    const answer = await desk.get('/slow');
    await assertRefused(desk.gatehouse, answer, { status: 503, error: 'unavailable', reason: 'database_overloaded', outcome: 'failed' });
    assert.equal(answer.headers['retry-after'], '1');
    for (const one of slow) one.leave();
    await eventually(async () => (await running()) === 0, 'end of the statements');
  });

  it('and writes keeps no reader waiting, continues without its caller until its timeout, and is rolled back then', async () => {
    const writers = await Promise.all(['ann', 'bob', 'eve', 'joe'].map(async (sub) => leaving('POST', '/writeSlowly', { headers: await desk.bearerOf({ sub }) })));
    await eventually(running, 'a slow writer');
    assert.equal(await running(), 1);
    assert.deepEqual((await desk.get('/titles?title=blue%20pen', await desk.bearerOf({ sub: 'zoe' }))).json(), [{ id: 1 }]);
    for (const one of writers) one.leave();
    await eventually(async () => (await running()) === 0, 'end of the statements');
    assert.deepEqual(askDatabase(desk.folder, 'desk.db', 'SELECT count(*) FROM fragile'), [[0]]);
    const ends = desk.gatehouse.events().filter(({ operation }) => operation === 'writeSlowly');
    assert.deepEqual(ends.map(({ outcome }) => outcome), Array(4).fill('failed'));
    assert.ok(ends.some(({ detail }) => /^deadline_passed/.test(detail)), JSON.stringify(ends));
  });

  it('and writes keeps another writer waiting until its time is over, and no longer', async () => {
    const slow = leaving('POST', '/writeSlowly');
    await eventually(running, 'a slow writer');
    const begun = Date.now();
    const answer = await desk.send('POST', '/writeBriefly', { headers: await desk.bearerOf({ sub: 'bob' }) });
    assert.equal(answer.status, 204, `after ${Date.now() - begun} ms: ${answer.text}`);
    assert.equal((await slow.answer).status, 504);
    slow.leave();
  });

  it('inside one function of SQLite answers in time, and counts in `concurrency` until it has really ended', async () => {
    const begun = Date.now();
    const answer = await desk.get('/deafly');
    await assertRefused(desk.gatehouse, answer, { status: 504, error: 'unavailable', reason: 'deadline_passed', outcome: 'failed' });
    assert.ok(Date.now() - begun < 1500, `${Date.now() - begun} ms`);
    assert.equal(await running(), 1, 'the test needs a function that takes longer');
    await assertRefused(desk.gatehouse, await desk.get('/deafly'), { status: 503, error: 'unavailable', reason: 'too_many_at_once', outcome: 'refused' });
    await eventually(async () => (await running()) === 0, 'end of the function');
    assert.equal((await desk.get('/deafly')).status, 504);
  });

  it('does not react to the server\'s end, which ends all the same', async () => {
    await desk.get('/deafly');
    const { code } = (desk.gatehouse.signal('SIGTERM'), await desk.gatehouse.ended());
    assert.equal(code, 0);
  });
});

describe('SQL that is wrong', unlessBuilt, () => {
  for (const [what, statement] of Object.entries({
    'in its syntax': 'SELEC id FROM orders',
    'in its table': 'SELECT id FROM nothing WHERE title = :query.title',
    'in its column': 'SELECT nothing FROM orders WHERE title = :query.title',
    'in a parameter that the operation does not declare': 'SELECT id FROM orders WHERE title = :query.other',
    'in a text that it compares with a number': 'SELECT title FROM orders WHERE id = :query.title',
    'in what a function makes of a text that it compares with a number': "SELECT title FROM orders WHERE id = nullif(:query.title, '')",
    'in a text that is a path in JSON': 'SELECT title ->> :query.title AS part FROM orders',
    'in a text that is part of a path in JSON': "SELECT json_extract(title, '$[' || :query.title || ']') AS part FROM orders",
    'in a text that is a column of highlight': "SELECT highlight(orders_fts, :query.title, '<', '>') AS marked FROM orders_fts WHERE orders_fts MATCH 'a'",
    'in a text that names the function by which a search ranks': "SELECT rowid AS id FROM orders_fts WHERE orders_fts MATCH 'a' AND rank MATCH :query.title",
    'in two columns whose names differ in case only': 'SELECT id, title AS ID FROM orders WHERE title = :query.title',
    'by being two statements': 'SELECT id FROM orders WHERE title = :query.title; DROP TABLE orders',
    'by being empty': '',
  })) {
    it(`${what} keeps the server from starting, and says where`, async () => {
      await assert.rejects(Desk.open({
        change: (configuration, api) => {
          addSql(configuration, api);
          configuration.operations.findTitle.sql.statement = statement;
        },
        before: async (desk) => {
          makeDatabase(desk.folder, 'desk.db', script);
          const { status, stderr } = await desk.folder.run('check', '-c', 'gatehouse.yaml');
          assert.equal(status, 1);
          assert.match(stderr, /gatehouse\.yaml:\d+:\d+: /);
        },
      }), /did not start/);
    });
  }
});
