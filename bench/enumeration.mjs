// Whether the time of a refusal tells that an object is there: another's object and one that is not there, asked for in turns, over
// each way in which conditions are asked, and their times held against each other in a rank test (Mann and Whitney, 1947).
//
//   node bench/enumeration.mjs [PAIRS]

import { Desk, makeDatabase, response } from '../tests/e2e/harness.mjs';

const pairs = Number(process.argv[2] || 400);
const tolerated = 4; // standard deviations: chance alone comes here once in 16,000 runs

const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } };
const lookup = { sql: 'SELECT customer, level FROM orders WHERE id = :path.id' };
const mine = 'resource.customer == principal.id';
const ways = {
  in_statement: { resource: lookup, when: mine, sql: { statement: 'SELECT customer FROM orders WHERE id = :path.id', returns: 'one' } },
  in_transaction: { resource: lookup, when: 'resource.customer.startsWith(principal.id)', sql: { statement: 'SELECT customer FROM orders WHERE id = :path.id', returns: 'one' } },
  // The conditions' work on the caller's input takes time, and comes before the ownership is known.
  costly_input: { resource: lookup, when: `request.query.q.lowerAscii().contains("zz") || ${mine}`, sql: { statement: 'SELECT customer FROM orders WHERE id = :path.id', returns: 'one' } },
  before_call: { resource: { upstream: { path: '/objects/{path.id}' } }, when: mine },
};

const desk = await Desk.open({
  change: (configuration, api) => {
    configuration.database = 'sqlite:desk.db';
    for (const [way, policy] of Object.entries(ways)) {
      const parameters = way === 'costly_input' ? [id, { name: 'q', in: 'query', schema: { type: 'string', maxLength: 7000 } }] : [id];
      api.paths[`/${way}/{id}`] = { get: { operationId: way, security: [{ userToken: [] }], parameters, responses: { 200: { description: 'Done' } } } };
      configuration.operations[way] = { permission: 'orders:read', ...policy };
    }
  },
  before: ({ folder }) => makeDatabase(folder, 'desk.db', `CREATE TABLE orders(id INTEGER PRIMARY KEY, customer TEXT, level INTEGER);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO orders SELECT i, 'bob', i FROM n;`),
});
desk.upstream.answer = ({ target }) => (Number(target.split('/').pop()) <= 2000 ? response(200, { customer: 'bob' }) : response(404));

async function milliseconds(target) {
  const begun = process.hrtime.bigint();
  const { status } = await desk.get(target.startsWith('/costly') ? `${target}?q=${'A'.repeat(7000)}` : target);
  if (status !== 404) throw new Error(`${target}: ${status}`);
  return Number(process.hrtime.bigint() - begun) / 1e6;
}

// By how many standard deviations one lot's ranks among both are above the other's. Ties get the mean of their ranks.
function rankScore(one, other) {
  const all = [...one.map((value) => ({ value, mine: true })), ...other.map((value) => ({ value, mine: false }))].sort((a, b) => a.value - b.value);
  let ranks = 0;
  for (let start = 0, end = 0; start < all.length; start = end) {
    while (end < all.length && all[end].value === all[start].value) end += 1;
    for (let i = start; i < end; i += 1) if (all[i].mine) ranks += (start + end + 1) / 2;
  }
  const [n, m] = [one.length, other.length];
  return (ranks - (n * (n + m + 1)) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

let told = false;
try {
  for (const way of Object.keys(ways)) {
    const [foreign, missing] = [[], []];
    for (let i = 0; i < pairs + 20; i += 1) {
      const turns = [() => milliseconds(`/${way}/${1 + i}`).then((time) => foreign.push(time)), () => milliseconds(`/${way}/${5001 + i}`).then((time) => missing.push(time))];
      if (i % 2) turns.reverse();
      for (const turn of turns) await turn();
      if (i === 19) foreign.length = missing.length = 0; // the first ones warm caches
    }
    const score = rankScore(foreign, missing);
    told ||= Math.abs(score) > tolerated;
    console.log(`${way.padEnd(16)}foreign ${median(foreign).toFixed(3)} ms, missing ${median(missing).toFixed(3)} ms, rank score ${score.toFixed(2)}${Math.abs(score) > tolerated ? ': the time tells them apart' : ''}`);
  }
} finally {
  await desk.close();
}
process.exit(told ? 1 : 0);
