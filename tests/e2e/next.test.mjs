// Next itself behind the lines of docs/upstreams.md: Chromium loads a page, calls a server action and goes on by Next's router.
// Next is too large to be installed for everybody: `npm install` in tests/e2e/frameworks/next, and where Chromium is
// installed too, this runs; else it is skipped.
// Rooms: docs gate http policy server target

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Desk, accepts, eventually, freePort, unlessBuilt } from './harness.mjs';
import { browse, missing } from './support/chromium.mjs';
import { configured } from './support/frameworks.mjs';

const app = fileURLToPath(new URL('frameworks/next', import.meta.url));
const next = join(app, 'node_modules/.bin/next');
const skip = unlessBuilt.skip || missing(next);
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
const patience = 120_000;

// What Next serves, as a document: pages, its own files, and the action of the first page.
const text = (name, where, schema = {}) => ({ name, in: where, required: where === 'path', schema: { type: 'string', maxLength: 200, ...schema } });
const answers = (...types) => ({ 200: { description: 'ok', content: Object.fromEntries(types.map((type) => [type, {}])) } });
const page = { parameters: [text('_rsc', 'query'), text('answer', 'query')], responses: answers('text/html', 'text/x-component') };
const file = (...names) => ({ get: { parameters: names.map((name) => text(name, 'path')), responses: answers('text/javascript', 'text/css') } });
const paths = () => ({
  '/': { get: structuredClone(page), post: { requestBody: { required: true, content: { 'text/plain': { schema: { type: 'string', maxLength: 1000 } } } }, responses: answers('text/x-component') } },
  '/second': { get: structuredClone(page) },
  '/report': { post: { requestBody: { required: true, content: { 'application/json': { schema: { type: 'object', properties: { answer: { type: 'string', maxLength: 1000 }, document: { type: 'string', maxLength: 100 } } } } } }, responses: { 204: { description: 'taken' } } } },
  '/_next/static/{build}/{file}': file('build', 'file'),
  '/_next/static/chunks/app/{file}': file('file'),
  '/_next/static/chunks/app/{folder}/{file}': file('folder', 'file'),
});

const change = (port, frameworks) => (configuration, api, desk) => {
  api.paths = paths();
  Object.assign(configuration, { operations: {}, authenticators: {}, roles: { anonymous: ['catalogue:read'] } });
  api.components.securitySchemes = {};
  configuration.defaults = { ...configuration.defaults, body: '1MiB', timeout: '30s' };
  delete configuration.defaults.principal;
  delete configuration.tls.client_ca;
  configuration.upstreams.orders.url = `http://127.0.0.1:${port}`;
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      Object.assign(operation, { operationId: `${method}${path}`, security: [{}] });
      configuration.operations[operation.operationId] = { permission: 'catalogue:read', public: 'a test' };
    }
  }
  if (frameworks.length) desk.configuration = configured(configuration, frameworks);
};

describe('Next, in Chromium', { skip, concurrency: false }, () => {
  let server, port, desk, browser;
  const told = async () => (await globalThis.fetch(`http://127.0.0.1:${port}/report`)).json();
  // Loads the first page through a desk with these lines.
  const visit = async (frameworks) => {
    desk = await Desk.open({ change: change(port, frameworks) });
    browser = browse(`https://localhost:${desk.port}/`);
  };
  before(async () => {
    if (!existsSync(join(app, '.next/BUILD_ID'))) execFileSync(next, ['build'], { cwd: app, env, stdio: 'ignore' });
    port = await freePort();
    server = spawn(process.execPath, [join(app, 'node_modules/next/dist/bin/next'), 'start', '-p', String(port), '-H', '127.0.0.1'], { cwd: app, env, stdio: 'ignore' });
    await eventually(() => accepts(port), 'Next', patience);
  });
  afterEach(async () => {
    await browser?.stop();
    await desk?.close();
  });
  after(() => server?.kill('SIGKILL'));

  it('answers its action and its router, and nothing that they send is left out', async () => {
    await visit(['Next']);
    const said = await eventually(told, 'second page', patience);
    assert.equal(said.answer, '42');
    assert.equal(said.document, '/', 'the router changed the page without loading another');
    const events = desk.gatehouse.events();
    assert.deepEqual([...new Set(events.flatMap((event) => event['http.request.dropped'] ?? []))], []);
    assert.deepEqual(events.filter(({ outcome, operation }) => operation && outcome !== 'allowed'), []);
  });
  it('needs the lines: without them the call of its action calls nothing', async () => {
    await visit([]);
    const called = await eventually(() => desk.gatehouse.events().find(({ operation }) => operation === 'post/'), 'call', patience);
    assert.ok(called['http.request.dropped'].some((name) => name.toLowerCase() === 'next-action'), JSON.stringify(called));
  });
});
