// Every name of the IANA registry, names that were used against servers and frameworks, and random ones, over
// each method, with an upstream that keeps the bytes: it gets exactly the fields that field_table.h allows,
// and those that Gatehouse writes itself.
// Rooms: http core gate target

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, unlessBuilt } from './harness.mjs';
import { allNames, apart, bypasses, conditional, fieldOf, marker, registry, table, valueFor } from './support/field_table.mjs';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const special = { connection: 'keep-alive', upgrade: 'h2c', te: 'trailers', 'max-forwards': '7', 'content-type': 'text/plain', 'content-encoding': 'gzip', cookie: `${marker}=1`, 'early-data': '1' };
const chunks = (list, size) => Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
// The same every time: a linear congruential generator (Numerical Recipes).
let seed = 11;
const below = (bound) => Math.floor(((seed = (seed * 1664525 + 1013904223) % 4294967296) / 4294967296) * bound);
const anyCase = (name) => [...name].map((c) => (below(2) ? c.toUpperCase() : c.toLowerCase())).join('');

describe('an upstream', unlessBuilt, () => {
  let desk, wire;
  const own = {};
  before(async () => {
    desk = await Desk.open({ change: (configuration, api) => {
      api.paths['/any'] = Object.fromEntries(methods.filter((method) => method !== 'HEAD').map((method) => [method.toLowerCase(), { operationId: `any${method}`, security: [{}], responses: { 200: { description: 'ok' } } }]));
      for (const method of methods.filter((one) => one !== 'HEAD')) configuration.operations[`any${method}`] = { permission: 'catalogue:read', public: 'a test' };
    } });
    for (const method of methods) {
      assert.equal((await send(method, [])).status, 200, method);
      own[method] = new Set(Object.keys(desk.upstream.last.headers));
      for (const name of own[method]) assert.ok(['host', 'x-request-id', 'traceparent', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'content-length', 'connection', 'gatehouse-roles'].includes(name), `${name} is written by Gatehouse`);
    }
  });
  after(() => {
    wire?.destroy();
    return desk?.close();
  });

  const send = async (method, lines) => {
    wire ??= await Wire.open(desk.port, desk.tls);
    wire.received = Buffer.alloc(0);
    wire.send(`${method} /any HTTP/1.1\r\nHost: localhost\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
    const [answer] = await wire.responses(1, [method]);
    if (answer.headers.connection === 'close') wire = wire.destroy();
    return answer;
  };
  const lines = () => desk.upstream.last.rawHeaders.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
  // Of the last request, the fields that are not Gatehouse's own: [name in lower case, value] by name.
  const passed = (method) => lines().filter(([name]) => !own[method].has(name)).sort();
  // Sends the names with values that their grammars take; the upstream sees those that the table lets go on, and no trace of the others.
  const seesTheTable = async (method, names, spell = (name) => name) => {
    const arrived = desk.upstream.requests.length;
    const fields = names.map((name) => ({ ...fieldOf(name), spelled: spell(name) })).map((field) => ({ ...field, value: special[field.name] ?? valueFor(field) }));
    const what = `${method} with ${names.join(', ')}`;
    const answer = await send(method, fields.map(({ spelled, value }) => `${spelled}: ${value}`));
    assert.equal(answer.status, 200, `${what}: ${answer.body}`);
    assert.equal(desk.upstream.requests.length, arrived + 1, what);
    const expected = fields.filter(({ name, toUpstream }) => toUpstream === 'goes_on' && !conditional.has(name)).map(({ spelled, value }) => [spelled.toLowerCase(), value]).sort();
    assert.deepEqual(passed(method), expected, what);
    for (const name of own[method]) assert.equal(lines().filter(([one]) => one === name).length, 1, `${name} once: ${what}`);
    const stayed = fields.filter(({ toUpstream, grammar }) => toUpstream !== 'goes_on' || grammar !== 'text');
    if (stayed.length === fields.length) assert.ok(!desk.upstream.last.head.includes(marker), what);
    return expected.length;
  };
  const sendable = allNames.filter((name) => !apart.has(name.toLowerCase()));

  it('has enough to see', () => {
    assert.ok(registry.length >= 280 && bypasses.length >= 300 && table.size >= 100);
    assert.ok([...table.values()].filter(({ toUpstream }) => toUpstream === 'goes_on').length >= 25);
  });

  it('sees exactly the table, of each name alone', async () => {
    let went = 0;
    for (const name of sendable) went += await seesTheTable('GET', [name]);
    assert.ok(went >= 25, `${went} names go on`);
  });

  for (const method of methods) {
    it(`sees exactly the table, of all names together, in any case: ${method}`, async () => {
      for (const names of chunks(sendable, 12)) await seesTheTable(method, names, anyCase);
    });
  }

  it('sees no random name', async () => {
    const signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789---___...!#$%&'*+^`|~";
    const random = () => [...Array(1 + below(40))].map(() => signs[below(signs.length)]).join('');
    const beside = () => [...any(allNames)].map((c) => (below(12) ? c : signs[below(signs.length)])).join('');
    const any = (list) => list[below(list.length)];
    let refused = 0;
    for (let count = 0; count < 400; ++count) {
      const name = below(2) ? random() : beside();
      if (table.has(name.toLowerCase())) continue;
      const arrived = desk.upstream.requests.length;
      const method = any(methods);
      const answer = await send(method, [`${name}: ${marker}`]);
      if (answer.status === 200) {
        assert.deepEqual(passed(method), [], `${method} with ${name}`);
        assert.ok(!desk.upstream.last.head.includes(marker), name);
      } else {
        assert.equal(answer.status, 400, name);
        assert.equal(desk.upstream.requests.length, arrived, name);
        refused += 1;
      }
    }
    assert.ok(refused < 200, `${refused} are refused`);
  });

  it('sees no name that it would fold onto one of the table, and no folded name at all', async () => {
    for (const name of allNames.filter((one) => one.includes('-') && !one.endsWith('-'))) {
      const sign = ['_', '.', '~', "'", '+'][below(5)];
      const folded = below(2) ? name.replaceAll('-', sign) : name.replace('-', sign);
      const known = table.has(name.toLowerCase()) || fieldOf(name).name !== name.toLowerCase();
      const arrived = desk.upstream.requests.length;
      const answer = await send('GET', [`${anyCase(folded)}: ${marker}`]);
      assert.equal(answer.status, known ? 400 : 200, folded);
      assert.equal(desk.upstream.requests.length, arrived + (known ? 0 : 1), folded);
      if (!known) assert.deepEqual(passed('GET'), [], folded);
    }
  });

  it('gets no value that the table\'s grammar excludes', async () => {
    // Texts in quotes stand where the standard has them: in directives, preferences and parameters of media types.
    const quoted = new Set(['directives', 'preferences', 'accept']);
    const wrong = ['${jndi:ldap://x/a}', '() { :;}; echo', '../../etc/passwd', '<script>', "' OR 1=1 --", `${'x,'.repeat(600)}${marker}`,
      'u=1;x="${jndi:ldap://x}"', 'x="() { :;}", u=1', 'sha-256=:YQ==:;x="${jndi:ldap://x}"', 'https://a.test/${x}', 'bytes=0-1, ${x}', '"a", W/"', 'text/html;q="${x}"', 'de;q=0.5;${x}', 'curl/8 (${x})', 'a/b () { :;}'];
    for (const { name, grammar } of [...table.values()].filter((field) => field.toUpstream === 'goes_on' && field.grammar !== 'text')) {
      for (const value of wrong.filter((one) => !quoted.has(grammar) || !one.includes('"'))) {
        for (const method of ['GET', 'PUT']) {
          const answer = await send(method, [`${name}: ${value}`]);
          if (answer.status === 400) continue;
          assert.equal(answer.status, 200, `${name}: ${value}`);
          for (const [, sent] of passed(method)) assert.ok(!sent.includes('${') && !sent.includes('(') && !sent.includes('..') && !sent.includes('<') && !sent.includes("'") && !sent.includes(marker), `${method} ${name}: ${sent}`);
        }
      }
    }
  });
});
