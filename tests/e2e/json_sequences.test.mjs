// Bodies of several JSON values (JSON lines, RFC 7464), each checked by `itemSchema`.
// Rooms: json openapi gate policy

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';

import { Desk, unlessBuilt } from './harness.mjs';

const ok = { 200: { description: 'ok' } };
const thing = { type: 'object', properties: { n: { type: 'integer' } } };
const content = (...types) => ({ content: Object.fromEntries(types.map((type) => [type, { schema: thing }])) });

// Operations under paths of their own; each with its policy.
const adding = (paths, policies, version = '3.1.0') => (configuration, api) => {
  api.openapi = version;
  for (const [path, methods] of Object.entries(paths)) {
    api.paths[path] = Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method, { security: [{ userToken: [] }], responses: ok, ...operation }]));
  }
  for (const [name, policy] of Object.entries(policies)) configuration.operations[name] = { permission: 'orders:read', ...policy };
};

describe('a body of several JSON values', unlessBuilt, () => {
  let desk, send;
  const items = { itemSchema: { type: 'object', required: ['n'], properties: { n: { type: 'integer' }, text: { type: 'string', maxLength: 40 } } } };
  const bounded = { schema: { type: 'array', maxItems: 300 }, ...items };
  before(async () => {
    desk = await Desk.open({
      change: adding({
        '/lines': { post: { operationId: 'lines', requestBody: { required: true, content: { 'application/jsonl': items, 'application/x-ndjson': items } } } },
        '/records': { post: { operationId: 'records', requestBody: { content: { 'application/json-seq': items } } } },
        '/many': { post: { operationId: 'many', requestBody: { content: { 'application/jsonl': bounded } } } },
      }, { lines: {}, records: {}, many: { body: '64KiB', when: 'request.body.all(item, item.n != 13)' } }, '3.2.0'),
    });
    send = (target, type, body) => desk.send('POST', target, { headers: { ...desk.bearer, 'content-type': type }, body });
  });
  after(() => desk?.close());
  const detail = async (...request) => {
    const answer = await send(...request);
    const { in: place, at, rule } = answer.json().details[0];
    return `${answer.status} ${place} ${at} ${rule}`;
  };

  it('is checked value by value, and the place of a finding names the value', async () => {
    for (const type of ['application/jsonl', 'application/x-ndjson']) {
      const body = '{"n":1}\r\n{"n":2,"text":"\\u2028"}\n{"n":3}';
      assert.equal((await send('/lines', type, body)).status, 200);
      assert.equal(desk.upstream.last.body.toString(), body);
      assert.equal(desk.upstream.last.headers['content-type'], type);
    }
    assert.equal((await send('/records', 'application/json-seq', '\x1e{"n":1}\n\x1e{\n"n":2}\n')).status, 200);
    const arrived = desk.upstream.requests.length;
    assert.equal(await detail('/lines', 'application/jsonl', '{"n":1}\n{"n":2}\n{"n":"x"}\n'), '400 body /2/n type');
    assert.equal(await detail('/lines', 'application/jsonl', '{"n":1}\n{"n":1,"admin":true}\n'), '400 body /1 additionalProperties');
    assert.equal(await detail('/lines', 'application/jsonl', '{"n":1}\n{"n":1,"n":2}\n'), '400 body /1 json');
    assert.equal(await detail('/lines', 'application/jsonl', '{"n":1}\n'.repeat(101)), '400 body  maxItems');
    assert.equal(await detail('/records', 'application/json-seq', '\x1e{"n":1}\n\x1e{"n":null}\n'), '400 body /1/n type');
    assert.equal(await detail('/records', 'application/json-seq', '{"n":1}\n{"n":2}\n'), '400 body /0 json');
    for (const type of ['application/json', 'text/plain', 'application/ndjson', 'application/jsonl; v=1']) assert.equal((await send('/lines', type, '{"n":1}\n')).status, 415, type);
    assert.equal((await send('/lines', 'application/jsonl', '')).status, 400);
    assert.equal(desk.upstream.requests.length, arrived);
  });

  it('is an array in conditions, whose bound the document states', async () => {
    assert.equal((await send('/many', 'application/jsonl', '{"n":1}\n'.repeat(300))).status, 200);
    assert.equal((await send('/many', 'application/jsonl', '{"n":1}\n{"n":13}\n')).status, 403);
    assert.equal(await detail('/many', 'application/jsonl', '{"n":1}\n'.repeat(301)), '400 body  maxItems');
    assert.equal((await send('/many', 'application/jsonl', `{"n":1${' '.repeat(65_536)}}\n`)).status, 413);
  });

  // The readers of lines that an upstream may use: each reads an accepted body as Gatehouse does, and differs from another in one that is refused.
  it('is refused where readers of lines differ', async () => {
    const script = [
      'import io, json, sys',
      'body = sys.stdin.buffer.read()',
      'readers = [lambda: io.BytesIO(body), lambda: io.TextIOWrapper(io.BytesIO(body), "utf-8"), lambda: body.decode().splitlines(), lambda: body.decode().strip().split("\\n")]',
      'def read(lines):',
      '  try: return [json.loads(line) for line in lines]',
      '  except Exception: return "error"',
      'print(json.dumps([read(reader()) for reader in readers]))',
    ].join('\n');
    const python = (body) => JSON.parse(execFileSync('python3', ['-c', script], { input: body, encoding: 'utf8' })).map((one) => JSON.stringify(one));
    const node = async (body) => {
      const values = [];
      for await (const line of createInterface({ input: Readable.from([body]), crlfDelay: Infinity })) values.push(JSON.parse(line));
      return JSON.stringify(values);
    };
    const readings = async (body) => new Set([...python(body), await node(body).catch(() => '"error"')]);
    for (const body of ['{"n":1}\n{"n":2}\n', '{"n":1}\r\n{"n":2}\r\n', ' {"n":1}\t\n{"n":2}', '{"n":1,"text":"\\u2028\\r\\n"}\n']) {
      assert.equal((await send('/lines', 'application/jsonl', body)).status, 200, JSON.stringify(body));
      assert.equal((await readings(body)).size, 1, JSON.stringify(body));
    }
    for (const body of ['{"n":1}\n\n', '{"n":1}\r{"n":2}\n', '{"n":1,\r"text":"x"}\n', '{"n":1,"text":"\u2028"}\n', '{"n":1,"text":"\u0085"}\n']) {
      assert.equal((await send('/lines', 'application/jsonl', body)).status, 400, JSON.stringify(body));
      assert.ok((await readings(body)).size > 1, JSON.stringify(body));
    }
    for (const body of ['\n{"n":1}', '{"n":1}\n\n{"n":2}', '{"n":1}\n \n', '\ufeff{"n":1}\n', '[{"n":1}]', '{"n":1}{"n":2}\n', '{"n":\n1}\n', '{"n":1}\n{"n":1'])
      assert.equal((await send('/lines', 'application/jsonl', body)).status, 400, JSON.stringify(body));
  });
});
