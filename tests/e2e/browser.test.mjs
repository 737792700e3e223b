// Chromium, with the fields that it sends by itself: the requests of its pages reach the upstream through
// Gatehouse as the table says, and htmx and Turbo work with the lines of docs/upstreams.md. Skipped where
// Chromium is not installed.
// Rooms: docs gate http policy server target

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { Desk, eventually, response, unlessBuilt } from './harness.mjs';
import { browse, missing } from './support/chromium.mjs';
import { configured } from './support/frameworks.mjs';

const skip = unlessBuilt.skip || missing();
const library = (name) => readFileSync(new URL(`../node_modules/${name}`, import.meta.url));
const patience = 90_000;

// Resolves to the report that the page of that path posts to /report.
async function visit(desk, path) {
  const browser = browse(`https://localhost:${desk.port}${path}`);
  try {
    const found = await eventually(() => desk.upstream.requests.find(({ target }) => target === '/report'), 'report of the page', patience);
    return JSON.parse(found.body.toString());
  } finally {
    await browser.stop();
  }
}

const html = (body, script) => response(200, `<!doctype html><title>x</title><link rel=icon href=data:,><body>${body}<script src="${script}"></script>`, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': "default-src 'self'; img-src data:; style-src 'self' 'unsafe-inline'" });
const script = (text) => response(200, text, { 'Content-Type': 'text/javascript; charset=utf-8' });
const report = (expression) => `fetch('/report', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ said: ${expression} }) });`;

const pages = {
  '/own': html('', '/own.js'),
  '/own.js': script(`
    const said = {};
    const events = new EventSource('/events');
    const second = new Promise((resolve) => { let count = 0; events.onmessage = ({ data }) => { if (++count === 2) { events.close(); resolve(data); } }; });
    (async () => {
      said.json = await (await fetch('/data')).json();
      said.posted = (await fetch('/data', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"title":"x"}' })).status;
      said.event = await second;
      ${report('said')}
    })();`),
  '/htmx': html('<div hx-get="/fragment" hx-trigger="load" id="place"></div>', '/htmx.js'),
  '/htmx.js': script(`${existsSync(new URL('../node_modules/htmx.org', import.meta.url)) ? library('htmx.org/dist/htmx.js') : ''}
    ;new MutationObserver((_, all) => { if (!document.querySelector('#there')) return; all.disconnect(); ${report("document.querySelector('#place').textContent")} }).observe(document.documentElement, { childList: true, subtree: true });`),
  '/turbo': html('<turbo-frame id="place" src="/frame"></turbo-frame>', '/turbo.js'),
  '/turbo.js': script(`${existsSync(new URL('../node_modules/@hotwired/turbo', import.meta.url)) ? library('@hotwired/turbo/dist/turbo.es2017-umd.js') : ''}
    ;document.addEventListener('turbo:frame-load', () => { ${report("document.querySelector('#place').textContent")} });`),
  '/fragment': response(200, '<b id="there">from htmx</b>', { 'Content-Type': 'text/html; charset=utf-8', 'HX-Trigger': 'told' }),
  '/frame': response(200, '<turbo-frame id="place">from Turbo</turbo-frame>', { 'Content-Type': 'text/html; charset=utf-8' }),
};

const change = (frameworks) => (configuration, api, desk) => {
  const operation = (operationId, type) => ({ operationId, security: [{}], responses: { 200: { description: 'ok', ...(type && { content: { [type]: {} } }) } } });
  const title = { type: 'object', properties: { title: { type: 'string', maxLength: 20 }, said: {} } };
  const written = (operationId) => ({ ...operationId, requestBody: { required: true, content: { 'application/json': { schema: title } } } });
  for (const path of Object.keys(pages)) api.paths[path] = { get: operation(`get${path}`, path.endsWith('.js') ? 'text/javascript' : 'text/html') };
  api.paths['/data'] = { get: operation('getData'), post: written(operation('postData')) };
  api.paths['/report'] = { post: written(operation('report')) };
  api.paths['/events'] = { get: operation('getEvents', 'text/event-stream') };
  for (const item of Object.values(api.paths)) {
    for (const { operationId } of Object.values(item)) if (operationId && !configuration.operations[operationId]) configuration.operations[operationId] = { permission: 'catalogue:read', public: 'a test' };
  }
  desk.configuration = configured(configuration, frameworks);
};

const answer = ({ method, target, headers }) => {
  if (target in pages) return pages[target];
  if (target !== '/events') return response(200, { method });
  const text = headers['last-event-id'] === '7' ? 'id: 8\ndata: again\n\n' : 'retry: 10\nid: 7\ndata: first\n\n';
  return response(200, text, { 'Content-Type': 'text/event-stream' });
};

describe('a page in Chromium', { skip, concurrency: false }, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({ change: change(['htmx', 'Turbo']) });
    desk.upstream.answer = answer;
  });
  after(() => desk?.close());

  const heads = (target) => desk.upstream.requests.filter((one) => one.target === target).map(({ headers }) => headers);

  it('fetches, posts and listens to events', async () => {
    assert.deepEqual(await visit(desk, '/own'), { said: { json: { method: 'GET' }, posted: 200, event: 'again' } });
    const [page] = heads('/own');
    assert.equal(page['sec-fetch-mode'], 'navigate');
    assert.equal(page['sec-fetch-dest'], 'document');
    assert.match(page['user-agent'], /Chrome\/\d/);
    for (const name of ['accept', 'accept-language', 'accept-encoding', 'sec-fetch-site']) assert.ok(page[name], name);
    const [read, wrote] = heads('/data');
    assert.deepEqual([read['sec-fetch-site'], read['sec-fetch-mode'], read['sec-fetch-dest'], read.accept], ['same-origin', 'cors', 'empty', '*/*']);
    assert.deepEqual([wrote.origin, wrote['content-type']], [`https://localhost:${desk.port}`, 'application/json']);
    const [first, second] = heads('/events');
    assert.deepEqual([first.accept, first['last-event-id'], second['last-event-id']], ['text/event-stream', undefined, '7']);
    for (const name of ['upgrade-insecure-requests', 'sec-ch-ua', 'sec-ch-ua-mobile', 'sec-ch-ua-platform', 'referer', 'dnt']) {
      for (const { headers } of desk.upstream.requests) assert.equal(headers[name], undefined, name);
    }
    const dropped = desk.gatehouse.events().map((event) => event['http.request.dropped']).filter((names) => names !== undefined);
    assert.deepEqual(dropped, [], 'names that browsers send unasked are not listed');
  });

  for (const [path, part, said, wanted] of [
    ['/htmx', '/fragment', 'from htmx', { 'hx-request': 'true', 'hx-current-url': /\/htmx$/, 'hx-source': /./ }],
    ['/turbo', '/frame', 'from Turbo', { 'turbo-frame': 'place', 'x-turbo-request-id': /./ }],
  ]) {
    it(`has its own fields with ${path.slice(1)}`, async () => {
      desk.upstream.requests.length = 0;
      assert.deepEqual(await visit(desk, path), { said });
      const [headers] = heads(part);
      for (const [name, value] of Object.entries(wanted)) assert.match(headers[name] ?? '', new RegExp(value), name);
      const dropped = desk.gatehouse.events().map((event) => event['http.request.dropped']).filter((names) => names !== undefined);
      assert.deepEqual(dropped, []);
    });
  }
});
