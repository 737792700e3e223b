// One small API (list in pages, create, read, change, delete, upload, download, search, health) as the document of twelve generators, in
// small_api/. Each document starts with what `init` writes and the answers to its marks, without an edit; the services that Debian and npm
// have run behind it, and the requests of their own clients pass. FastAPI's, Fastify's, NestJS's, swagger-jsdoc's and Redocly's documents
// were made by the programs; Flask-Smorest's by apispec, which it uses; APIFlask's, drf-spectacular's, springdoc's, Swashbuckle's, NSwag's
// and go-swagger's were written by hand in their style, because the programs cannot run here. A program that is not installed is skipped.
// Rooms: app gate openapi policy schema target

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { answered } from '../conformance/support/answered.mjs';
import { Authority, Desk, Folder, Gatehouse, Issuer, Upstream, eventually, freePort, response, unlessBuilt } from './harness.mjs';
import { clients, file, works } from './small_api/clients.mjs';

const python = (name, module) => ({ run: ['/usr/bin/python3', '-B', file(name)], missing: works('/usr/bin/python3', '-c', `import ${module}`) });
const node = (name) => ({ run: [process.execPath, file(name)] });
const go = { run: ['go', 'run', file('go_service.go')], missing: works('go', 'version') };
const fastapi = python('fastapi_service.py', 'fastapi, uvicorn');
const flask = python('flask_service.py', 'flask, marshmallow, apispec');
const drf = python('drf_service.py', 'rest_framework');
const express = node('express_service.mjs');

// `list`: the query of the list's second page of one task, by title. `id`: the name of the task's id in paths. `slash`: what paths of the
// API end in. `credential`: how clients send it. `own`: the service answers with its document, which is the one that is kept.
// `nulls: false`: the document has no null, though the service takes it (FastAPI 0.92 with pydantic 1).
const documents = {
  fastapi: { service: fastapi, own: true, client: 'httpx', list: { page: 2, size: 1, sort: 'title' }, id: 'task_id', nulls: false },
  flask_smorest: { service: flask, own: true, client: 'requests', collection: '/tasks/', list: { page: 2, page_size: 1, sort: 'title' }, id: 'task_id' },
  apiflask: { service: flask, client: 'requests', collection: '/tasks/', list: { page: 2, per_page: 1, sort: 'title' }, id: 'task_id' },
  drf_spectacular: { service: drf, client: 'requests', prefix: '/api', slash: '/', list: { page: 2, page_size: 1, ordering: 'title' }, credential: (key) => ({ Authorization: `Token ${key}` }) },
  nestjs: { service: node('nestjs_service.mjs'), own: true, client: 'openapi-fetch', list: { page: 2, limit: 1, sort: 'title' }, jwt: true },
  fastify: { service: node('fastify_service.mjs'), own: true, client: 'undici', collection: '/tasks/', list: { page: 2, pageSize: 1, sort: 'title' }, credential: (key) => ({ 'X-API-Key': key }) },
  swagger_jsdoc: { service: express, own: true, client: 'axios', list: { page: 2, limit: 1, sort: 'title' }, jwt: true },
  redocly: { service: express, client: 'curl', list: { page: 2, limit: 1, sort: 'title' }, prefix: '/v1', credential: (key) => ({ 'X-API-Key': key }) },
  springdoc: { client: 'undici', prefix: '/api', list: { page: 1, size: 1, sort: ['title,asc', 'id'] }, jwt: true },
  swashbuckle: { client: 'undici', prefix: '/api', name: 'Tasks', health: '/health', list: { Page: 2, PageSize: 1, Sort: 'title' } },
  nswag: { client: 'undici', prefix: '/api', name: 'Tasks', health: '/api/Health', list: { page: 2, pageSize: 1, sort: 'title' } },
  go_swagger: { service: go, client: 'Go', prefix: '/v1', list: { offset: 1, limit: 1, sort: 'title' }, credential: (key) => ({ KEY: key }) },
};

async function start({ run: [program, ...words] }) {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes));
  const port = await eventually(() => {
    if (child.exitCode !== null) throw new Error(`${words.at(-1)} did not start:\n${said}`);
    return /^port (\d+)$/m.exec(said)?.[1];
  }, `port of ${words.at(-1)}`, 120_000);
  // `go run` has the service as a child of its own: both are one group.
  return { url: `http://127.0.0.1:${port}`, said: () => said, close: () => new Promise((resolve) => { child.once('exit', resolve); process.kill(-child.pid, 'SIGKILL'); }) };
}

// The services that cannot run here: the steps of `stepsOf` in their order, as ASP.NET and Spring answer them.
async function standIn() {
  const upstream = await Upstream.start();
  const tasks = new Map();
  upstream.answer = ({ method, target, headers, body }) => {
    const { pathname, searchParams } = new URL(target, 'http://x');
    const [, id, attachment] = /\/(\d+)(\/attachment)?$/.exec(pathname) ?? [];
    const task = tasks.get(id);
    if (/\/health$/i.test(pathname)) return response(200, 'Healthy', { 'Content-Type': 'text/plain' });
    if (id && !task) return response(404, { type: 'https://tools.ietf.org/html/rfc9110#section-15.5.5', title: 'Not Found', status: 404 }, { 'Content-Type': 'application/problem+json' });
    if (attachment) return response(200, Buffer.from('\0nothing yet\xff', 'latin1'), { 'Content-Type': 'application/octet-stream' });
    if (method === 'POST') tasks.set(String(tasks.size + 1), { ...JSON.parse(body), id: tasks.size + 1, done: false, owner: headers['gatehouse-principal'] });
    if (method === 'POST') return response(201, tasks.get(String(tasks.size)));
    if (method === 'PATCH') return response(200, Object.assign(task, JSON.parse(body)));
    if (method === 'DELETE') tasks.delete(id);
    if (method === 'DELETE') return response(204, '', { 'Content-Type': undefined, 'Content-Length': undefined });
    if (id) return response(200, task);
    const found = [...tasks.values()].filter((one) => one.title.includes(searchParams.get('q') ?? '') && searchParams.getAll('tag').every((tag) => one.tags.includes(tag)));
    const sorted = found.sort((a, b) => a.title.localeCompare(b.title));
    return response(200, searchParams.has('q') ? sorted : sorted.slice(1, 2));
  };
  return { url: upstream.url, said: () => upstream.last?.head, close: () => upstream.close() };
}

// Each: [step, status, what must hold of the answer].
function stepsOf({ prefix = '', name = 'tasks', slash = '', collection = `${prefix}/${name}${slash}`, id = 'id', list, nulls = true, health = `${prefix}/health${slash}` }, headers, principal) {
  const one = `${prefix}/${name}/{${id}}${slash}`;
  const search = `${prefix}/${name}/search${slash}`;
  const attachment = `${prefix}/${name}/{${id}}/attachment${slash}`;
  const first = { headers, ids: { [id]: 1 } };
  const task = { title: 'Buy milk & bread', due: '2026-12-01T10:00:00.000Z', priority: 'high', tags: ['home', 'shop'], labels: { colour: 'green' }, extra: { note: 'any', deep: { list: [1, null] } } };
  const none = nulls ? { due: null } : {};
  const titles = (body) => [body.items ?? body.results ?? body.content ?? body].flat().map((each) => each.title);
  return [
    [{ method: 'GET', path: health }, 200],
    [{ method: 'GET', path: collection }, 401],
    [{ method: 'POST', path: collection, headers, json: task }, 201, (made) => assert.deepEqual([made.id, made.title, made.labels, made.extra, made.owner], [1, task.title, task.labels, task.extra, principal])],
    [{ method: 'POST', path: collection, headers, json: { title: 'Call Ann', ...none } }, 201],
    [{ method: 'POST', path: collection, headers, json: { ...task, role: 'admin' } }, 400],
    [{ method: 'POST', path: collection, headers, json: { ...task, extra: { note: 'a'.repeat(1025) } } }, 400],
    [{ method: 'GET', path: collection, headers, query: list }, 200, (body) => assert.deepEqual(titles(body), ['Call Ann'])],
    [{ method: 'PATCH', path: one, ...first, json: { done: true, ...none } }, 200, (body) => assert.deepEqual([body.title, body.done], [task.title, true]) ?? (nulls && assert.equal(body.due ?? null, null))],
    [{ method: 'PATCH', path: one, ...first, json: { done: 'perhaps' } }, 400],
    [{ method: 'GET', path: search, headers, query: { q: 'milk & bread', tag: ['home', 'shop'], done: true } }, 200, (body) => assert.deepEqual(titles(body), [task.title])],
    [{ method: 'GET', path: search, headers, query: { tag: 'home' } }, 400],
    [{ method: 'POST', path: attachment, ...first, file: 'some bytes' }, 415],
    [{ method: 'GET', path: attachment, ...first }, 200, (_, bytes) => assert.equal(bytes.toString('latin1'), '\0nothing yet\xff')],
    [{ method: 'DELETE', path: one, ...first }, 204],
    [{ method: 'GET', path: one, ...first }, 404],
  ];
}

const sorted = (value) => (Array.isArray(value) ? value.map(sorted).sort((a, b) => (a?.name && b?.name ? a.name.localeCompare(b.name) : 0))
  : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, sorted(one)])) : value);

describe('the small API of', unlessBuilt, () => {
  for (const [name, one] of Object.entries(documents)) {
    const { service, own, client, jwt, credential = (key) => ({ Authorization: `Bearer ${key}` }) } = one;
    it(name, { skip: service?.missing ?? clients[client].missing ?? false }, async () => {
      const folder = new Folder();
      const authority = new Authority(folder.path);
      authority.issue('server');
      const issuer = await Issuer.create();
      folder.write('keys.json', issuer.jwks);
      const document = readFileSync(file(`${name}.json`), 'utf8');
      folder.write('api.json', document);
      const [https, admin] = [await freePort(), await freePort()];
      const running = await (service ? start(service) : standIn());
      let gatehouse;
      try {
        if (own) {
          const answer = await globalThis.fetch(`${running.url}/openapi.json`);
          assert.deepEqual(sorted(await answer.json()), sorted(JSON.parse(document)), 'the document is the service\'s');
        }
        const made = await folder.run('init', '--openapi', 'api.json', '--upstream', running.url, '-o', '-');
        assert.equal(made.status, 0, made.stderr);
        const text = answered(made.stdout).replace(/# (roles: claims\.roles)/g, '$1')
          .replace('0.0.0.0:8443', `127.0.0.1:${https}`).replace('127.0.0.1:9443', `127.0.0.1:${admin}`);
        folder.write('gatehouse.yaml', text);
        const checked = await folder.run('check', '-c', 'gatehouse.yaml');
        assert.equal(checked.status, 0, `${checked.stderr}\n${text}`);
        gatehouse = await Gatehouse.start(folder, https, { adminPort: admin });

        const roles = [...text.matchAll(/^ {2}(reader|writer): \[/gm)].map(([, role]) => role);
        let headers, principal;
        if (jwt) {
          const [iss, aud] = ['issuer', 'audience'].map((claim) => new RegExp(`^ +${claim}: "?([^"\n]*)"?$`, 'm').exec(text)[1]);
          headers = { Authorization: `Bearer ${await issuer.token({ iss, aud, roles })}` };
          principal = 'ann';
        } else {
          const { stdout, stderr } = await folder.run('key', 'create', '-c', 'gatehouse.yaml', '--principal', 'partner:acme', ...roles.flatMap((role) => ['--role', role]), '--json');
          assert.equal(stderr, '');
          headers = credential(JSON.parse(stdout).key);
          principal = 'partner:acme';
        }
        const steps = stepsOf(one, headers, principal);
        const answers = await clients[client].send(`https://localhost:${https}`, { ca: authority.certificate, caFile: join(folder.path, 'ca.crt') }, steps.map(([step]) => step));
        for (const [i, [step, status, holds]] of steps.entries()) {
          const { status: got, body } = answers[i];
          assert.equal(got, status, `${JSON.stringify(step)}: ${body}\n${gatehouse.output.slice(-1500)}\n${running.said().slice(-1500)}`);
          holds?.(/^\s*[[{]/.test(body) ? JSON.parse(body) : undefined, body);
        }
      } finally {
        await gatehouse?.stop();
        await running.close();
        folder.remove();
      }
    });
  }
});

describe('a map that generators write as an object without members', unlessBuilt, () => {
  it('has members that conditions read', async () => {
    const map = { type: 'object' };
    const desk = await Desk.open({ change: (configuration, api) => {
      api.paths['/settings'] = { post: { operationId: 'setSettings', security: [{ userToken: [] }], requestBody: { required: true, content: { 'application/json': { schema: { type: 'object', properties: { extra: map } } } } }, responses: { 200: { description: 'Done' } } } };
      configuration.operations.setSettings = { permission: 'orders:write', when: 'request.body.extra.region == "eu"' };
    } });
    for (const [extra, status] of [[{ region: 'eu', more: [1] }, 200], [{ region: 'us' }, 403], [{}, 403], [{ region: { eu: true } }, 403], [undefined, 403]]) {
      assert.equal((await desk.post('/settings', { extra })).status, status, JSON.stringify(extra));
    }
    assert.equal(desk.upstream.requests.length, 1);
    await desk.close();
  });
});
