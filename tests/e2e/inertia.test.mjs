// Inertia's own client, in Chromium, behind the lines of docs/upstreams.md; the test is its server. Where `npm install` was run
// in tests/e2e/frameworks/inertia and Chromium is installed; else it is skipped.
// Rooms: docs gate http policy server target

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Desk, eventually, response, unlessBuilt } from './harness.mjs';
import { browse, missing } from './support/chromium.mjs';
import { configured } from './support/frameworks.mjs';

const folder = fileURLToPath(new URL('frameworks/inertia', import.meta.url));
const esbuild = `${folder}/node_modules/.bin/esbuild`;
const skip = unlessBuilt.skip || missing(esbuild);
const patience = 90_000;

const html = { 200: { description: 'ok', content: { 'text/html': {}, 'application/json': {} } } };
const body = (properties) => ({ required: true, content: { 'application/json': { schema: { type: 'object', properties } } } });
const change = (configuration, api, desk) => {
  Object.assign(configuration, { operations: {}, authenticators: {}, roles: { anonymous: ['catalogue:read'] } });
  api.components.securitySchemes = {};
  delete configuration.defaults.principal;
  delete configuration.tls.client_ca;
  api.paths = {
    '/': { get: { responses: html } },
    '/page.js': { get: { responses: { 200: { description: 'ok', content: { 'text/javascript': {} } } } } },
    '/users': { get: { responses: html }, post: { requestBody: body({ title: { type: 'string', maxLength: 20 } }), responses: { ...html, 303: { description: 'seen' } } } },
    '/report': { post: { requestBody: body({ told: { type: 'array', maxItems: 9, items: { type: 'string', maxLength: 200 } } }), responses: { 204: { description: 'taken' } } } },
  };
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      Object.assign(operation, { operationId: `${method}${path}`, security: [{}] });
      configuration.operations[operation.operationId] = { permission: 'catalogue:read', public: 'a test' };
    }
  }
  desk.configuration = configured(configuration, ['Inertia']);
};

describe("Inertia's client, in Chromium", { skip, concurrency: false }, () => {
  let desk, browser;
  before(async () => {
    const script = execFileSync(esbuild, [`${folder}/page.mjs`, '--bundle', '--format=iife'], { encoding: 'utf8' });
    desk = await Desk.open({ change });
    desk.upstream.answer = ({ method, target, headers }) => {
      const page = (component, props, version = '1') => ({ component, props, url: target, version });
      if (target === '/page.js') return response(200, script, { 'Content-Type': 'text/javascript; charset=utf-8' });
      if (target === '/report') return response(204, '');
      if (method === 'POST') return response(303, '', { Location: '/users' });
      if (!headers['x-inertia']) return response(200, `<!doctype html><link rel=icon href=data:,><div id="app" data-page='${JSON.stringify(page('First', {}))}'></div><script src="/page.js"></script>`, { 'Content-Type': 'text/html; charset=utf-8' });
      const part = headers['x-inertia-partial-data'] ? { count: 2 } : { count: 1, users: ['ann'] };
      return response(200, page('Users', part), { 'X-Inertia': 'true', Vary: 'X-Inertia' });
    };
    browser = browse(`https://localhost:${desk.port}/`);
  });
  after(async () => {
    await browser?.stop();
    await desk?.close();
  });

  it('visits, loads a part, posts and follows, and nothing that it sends is left out', async () => {
    const found = await eventually(() => desk.upstream.requests.find(({ target }) => target === '/report'), 'report of the page', patience);
    assert.deepEqual(found.json().told, ['First {}', 'Users {"count":1,"users":["ann"]}', 'Users {"count":2,"users":["ann"]}', 'Users {"count":1,"users":["ann"]}']);
    const [visit] = desk.upstream.requests.filter(({ target, headers }) => target === '/users' && headers['x-inertia']);
    assert.equal(visit.headers['x-inertia-version'], '1');
    assert.deepEqual(desk.gatehouse.events().flatMap((event) => event['http.request.dropped'] ?? []), []);
  });
});
