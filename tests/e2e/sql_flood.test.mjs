// One caller floods the database with statements of every expensive kind: sixteen others get their turns all the same.
// Rooms: db target

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Desk, askDatabase, eventually, makeDatabase, undiciClient, unlessBuilt } from './harness.mjs';

const upTo = (most) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${most}) SELECT max(i) AS i FROM n`;
const endless = '100000000000';
// Some seconds inside one function, which SQLite does not interrupt.
const members = (name) => `(SELECT json_group_object('${name}' || i, 1) FROM n)`;
const deaf = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) SELECT length(json_patch(${members('a')}, ${members('b')})) AS i`;

// The flood and the others read by the same operation.
const operations = [
  ['readUpTo', 'get', upTo(':query.most'), 'one', {}],
  ['writeOne', 'post', 'INSERT INTO things(name) VALUES (:principal.id)', 'none', {}],
  ['readDeafly', 'get', deaf, 'one', { timeout: '300ms' }],
  ['writeForEver', 'post', `INSERT INTO things(name) ${upTo(endless)}`, 'none', { timeout: '1s' }],
];
const parameters = [{ name: 'most', in: 'query', schema: { type: 'integer', minimum: 1, maximum: Number(endless) } }];
const flooded = [['GET', `/readUpTo?most=${endless}`], ['GET', '/readDeafly'], ['POST', '/writeForEver']];

describe('sixteen callers beside one that floods', unlessBuilt, () => {
  it('get an answer to every read and every write, and the threads when it has left', async () => {
    const desk = await Desk.open({
      change: (configuration, api) => {
        configuration.database = 'sqlite:desk.db';
        configuration.defaults.timeout = '20s';
        for (const [operationId, method, statement, returns, more] of operations) {
          api.paths[`/${operationId}`] = { [method]: { operationId, security: [{ userToken: [] }], ...(operationId === 'readUpTo' && { parameters }), responses: { 200: { description: 'Done' } } } };
          configuration.operations[operationId] = { permission: 'orders:read', sql: { statement, returns }, ...more };
        }
      },
      before: ({ folder }) => makeDatabase(folder, 'desk.db', 'CREATE TABLE things(id INTEGER PRIMARY KEY, name TEXT)'),
    });
    const metric = async (name) => Number((await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text()).match(new RegExp(`^gatehouse_statements_${name} (\\d+)`, 'm'))[1]);

    const attacker = undiciClient({ ca: desk.authority.certificate, connections: 90 });
    const headers = await desk.bearerOf({ sub: 'eve' });
    const seen = new Set();
    let flooding = true;
    const flood = Array.from({ length: 90 }, async (_, number) => {
      const [method, target] = flooded[number % flooded.length];
      while (flooding) await desk.send(method, target, { headers, client: attacker }).then(({ status }) => seen.add(status), () => (flooding = false));
    });
    await eventually(async () => (await metric('running')) >= 2 && (await metric('waiting')) >= 32, 'the flood');

    const rounds = 8;
    const callers = await Promise.all(Array.from({ length: 16 }, (_, number) => desk.bearerOf({ sub: `caller-${number}` })));
    const statuses = { read: [], write: [], upstream: [] };
    await Promise.all(callers.map(async (caller) => {
      for (let round = 0; round < rounds; ++round) {
        statuses.read.push((await desk.get('/readUpTo?most=10', caller)).status);
        statuses.write.push((await desk.send('POST', '/writeOne', { headers: caller })).status);
        statuses.upstream.push((await desk.get('/orders/1', caller)).status);
      }
    }));
    const all = 16 * rounds;
    assert.deepEqual(statuses.write, Array(all).fill(204));
    assert.deepEqual(statuses.upstream, Array(all).fill(200));
    // A read waits for its turn no longer than a second, in which a busy machine may not have let the threads run.
    const read = statuses.read.filter((status) => status === 200).length;
    assert.ok(read >= 0.9 * all, `${read} of ${all} reads`);
    assert.deepEqual(askDatabase(desk.folder, 'desk.db', "SELECT count(*), count(DISTINCT name) FROM things WHERE name LIKE 'caller-%'"), [[16 * rounds, 16]]);
    assert.ok((await metric('running')) >= 2, 'the flood goes on');

    flooding = false;
    attacker.close();
    await Promise.all(flood);
    await eventually(async () => (await metric('running')) === 0 && (await metric('waiting')) === 0, 'end of the statements', 30_000);
    assert.deepEqual(askDatabase(desk.folder, 'desk.db', `SELECT count(*) FROM things WHERE name = '${endless}'`), [[0]]);
    assert.ok(!seen.has(200) && !seen.has(204), `${[...seen]}`);
    await desk.close();
  });
});
