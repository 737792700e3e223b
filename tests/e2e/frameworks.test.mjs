// The lines to paste of docs/upstreams.md, each with the framework or client that it is for: Django's, Laravel's and Rails' own
// protection of forms, tus, Connect, gRPC-web and OData over their npm packages, and heads that Next's, Inertia's and htmx' clients sent.
// Rooms: docs gate http policy server target

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { create, createFileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { FileStore } from '@tus/file-store';
import { Server as TusServer } from '@tus/server';
import { o } from 'o.js';
import { DefaultHttpStack, Upload } from 'tus-js-client';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';

import { Desk, Wire, accepts, eventually, freePort, response, unlessBuilt } from './harness.mjs';
import { configured, lines, namesOf } from './support/frameworks.mjs';

const source = (name) => readFileSync(new URL(`../node_modules/${name}`, import.meta.url), 'utf8');
const done = { 200: { description: 'ok' } };
const open = (configuration, api) => {
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (!operation.responses || configuration.operations[operation.operationId]) continue;
      operation.operationId ??= `${method}${path}`;
      operation.security = [{}];
      configuration.operations[operation.operationId] = { permission: 'catalogue:read', public: 'a test' };
    }
  }
};
// A desk with the lines of a framework, or (`bare`) without them; `paths` are its document's, `port` is the upstream's.
const deskWith = (framework, paths, { port, bare } = {}) => Desk.open({ change: (configuration, api, desk) => {
  api.paths = paths;
  configuration.operations = {};
  configuration.authenticators = {};
  api.components.securitySchemes = {};
  configuration.defaults = { ...configuration.defaults, body: '1MiB', timeout: '30s' };
  delete configuration.defaults.principal;
  configuration.roles = { anonymous: ['catalogue:read'] };
  delete configuration.tls.client_ca;
  if (port) configuration.upstreams.orders.url = `http://127.0.0.1:${port}`;
  open(configuration, api);
  if (!bare) desk.configuration = configured(configuration, [framework]);
} });
const droppedBy = (desk) => desk.gatehouse.events().flatMap((event) => event['http.request.dropped'] ?? []);

describe('the lines for frameworks', unlessBuilt, () => {
  it('are there for all of them, and load', async () => {
    assert.deepEqual([...lines.keys()].sort(), ['Connect', 'Django', 'Inertia', 'Laravel', 'Next', 'OData', 'Rails', 'Turbo', 'gRPC-web', 'htmx', 'tus'].sort());
    for (const framework of lines.keys()) await (await deskWith(framework, { '/x': { get: { responses: done } } })).close();
  });

  // The names in a client's own program; `known`: the table has them, or they are not fields of requests and
  // answers through Gatehouse.
  for (const [framework, file, pattern, known] of [
    ['htmx', 'htmx.org/dist/htmx.js', /\bHX-[A-Z][A-Za-z]+(?:-[A-Z][A-Za-z]+)*/g, []],
    ['Turbo', '@hotwired/turbo/dist/turbo.es2017-esm.js', /"((?:X|Turbo|Sec)-[A-Z][A-Za-z]+(?:-[A-Z][A-Za-z]+)*)"/g, []],
    ['tus', 'tus-js-client/lib.esm/upload.js', /['"]((?:Tus|Upload|X)-[A-Za-z-]+)['"]/g, ['x-http-method-override', 'x-request-id', 'upload-complete', 'upload-draft-interop-version']],
    ['Connect', '@connectrpc/connect/dist/esm/protocol-connect/headers.js', /"((?:Connect|X)-[A-Za-z-]+)"/g, ['connect-content-encoding']],
    ['gRPC-web', '@connectrpc/connect/dist/esm/protocol-grpc-web/headers.js', /"((?:Grpc|X)-[A-Za-z-]+)"/g, []],
  ]) {
    it(`name what the client of ${framework} names`, () => {
      const found = new Set([...source(file).matchAll(pattern)].map(([all, name]) => (name ?? all).toLowerCase()));
      assert.ok(found.size > 1, `${file} names ${[...found]}`);
      const { forward, answers } = namesOf(framework);
      for (const name of found) assert.ok(known.includes(name) || forward.includes(name) || answers.includes(name), `${name} is in ${file}`);
    });
  }

  // As they were sent by the router of Next 15 and by @inertiajs/core 2 and 3, and by htmx 2.
  for (const [framework, head] of Object.entries({
    Next: { rsc: '1', 'next-router-state-tree': '%5B%22%22%2C%7B%22children%22%3A%5B%22__PAGE__%22%2C%7B%7D%2Cnull%2Cnull%5D%7D%2Cnull%2Cnull%2Ctrue%5D', 'next-router-prefetch': '1', 'next-router-segment-prefetch': '/_tree', 'next-url': '/shop', 'next-action': '40a1b2c3d4e5f60718293a4b5c6d7e8f9012345678', accept: 'text/x-component', origin: 'https://localhost' },
    Inertia: { 'x-inertia': 'true', 'x-inertia-version': '6b16b94d7c51cbe5b1fa42aac98241d5', 'x-inertia-partial-component': 'Users/Index', 'x-inertia-partial-data': 'users,stats', 'x-inertia-except-once-props': 'plans', 'x-requested-with': 'XMLHttpRequest', 'x-xsrf-token': 'eyJpdiI6Im=', purpose: 'prefetch', accept: 'text/html, application/xhtml+xml' },
    htmx: { 'hx-request': 'true', 'hx-current-url': 'https://localhost/x?a=b', 'hx-target': 'list', 'hx-trigger': 'search', 'hx-trigger-name': 'q', 'hx-prompt': 'sure?', 'hx-boosted': 'true', 'hx-history-restore-request': 'true' },
    Turbo: { 'turbo-frame': 'place', 'x-turbo-request-id': 'e7b8c5f0-8a0b-4b0e-9a3e-1c9d1a2b3c4d', 'x-sec-purpose': 'prefetch', 'sec-purpose': 'prefetch', 'x-csrf-token': 'a+b/c==', accept: 'text/vnd.turbo-stream.html, text/html, application/xhtml+xml' },
  })) {
    it(`let what ${framework} sends and is told through, both ways`, async () => {
      const desk = await deskWith(framework, { '/x': { get: { responses: done } } });
      const { answers } = namesOf(framework);
      desk.upstream.answer = () => response(200, {}, Object.fromEntries(answers.map((name) => [name, 'told'])));
      const answer = await desk.get('/x', head);
      assert.equal(answer.status, 200);
      for (const [name, value] of Object.entries(head)) if (name !== 'sec-purpose') assert.equal(desk.upstream.last.headers[name], value, name);
      for (const name of answers) assert.equal(answer.headers[name], 'told', name);
      await desk.gatehouse.eventOf(answer.headers['x-request-id']);
      assert.deepEqual(droppedBy(desk), []);
      await desk.close();
    });
  }
});

// ---- a form behind the framework's own protection: a session, a token, and the origin of the page ----

const works = (program, ...words) => {
  try {
    execFileSync(program, words, { stdio: 'ignore' });
    return false;
  } catch {
    return `${program} ${words.join(' ')} does not work here`;
  }
};
const sessions = mkdtempSync(join(tmpdir(), 'gatehouse-laravel-'));
after(() => rmSync(sessions, { recursive: true, force: true }));
const app = (name) => fileURLToPath(new URL(`frameworks/${name}`, import.meta.url));
const apps = {
  Django: { program: '/usr/bin/python3', file: 'django_app.py', missing: works('/usr/bin/python3', '-c', 'import django'), field: 'X-CSRFToken', refusal: 403 },
  Laravel: { program: '/usr/bin/php', file: 'laravel_app.php', port: true, missing: works('/usr/bin/php', '-r', 'exit((@include "Illuminate/autoload.php") ? 0 : 1);'), field: 'X-CSRF-TOKEN', refusal: 419, anyOrigin: true },
  Rails: { program: '/usr/bin/ruby', file: 'rails_app.rb', missing: works('/usr/bin/ruby', '-e', 'require "action_controller/railtie"; require "rack/handler/webrick"'), field: 'X-CSRF-Token', refusal: 422 },
};

async function start({ program, file, port }) {
  const own = port && await freePort();
  const child = spawn(program, [...(own ? ['-S', `127.0.0.1:${own}`] : []), app(file)], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SESSIONS: sessions } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes));
  const found = await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`it did not start:\n${said}`);
    if (own) return (await accepts(own)) && own;
    return Number(/port (\d+)/.exec(said)?.[1] ?? 0);
  }, 'framework', 60_000);
  // The time of loading with its first request does not belong to a gate.
  await eventually(() => globalThis.fetch(`http://127.0.0.1:${found}/form`).then((answer) => answer.text().then(() => true), () => false), 'first answer', 60_000);
  return { port: found, stop: () => new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGKILL')) };
}

for (const [name, framework] of Object.entries(apps)) {
  const { missing, field, refusal, anyOrigin } = framework;
  describe(`a form of ${name}`, { skip: unlessBuilt.skip || missing, concurrency: false }, () => {
    let running, desk, bare;
    before(async () => {
      running = await start(framework);
      const title = { type: 'object', required: ['title'], properties: { title: { type: 'string', maxLength: 20 } } };
      const paths = () => ({
        '/form': { get: { responses: done }, post: { requestBody: { required: true, content: { 'application/x-www-form-urlencoded': { schema: title } } }, responses: done } },
        '/old': { get: { responses: { 301: { description: 'moved' }, 302: { description: 'moved' } } } },
      });
      desk = await deskWith(name, paths(), { port: running.port });
      bare = await deskWith(name, paths(), { port: running.port, bare: true });
    });
    after(async () => {
      await running?.stop();
      await desk?.close();
      await bare?.close();
    });

    // As a browser does it: the page, its cookies and its token; then the form. Resolves to the answer to the form.
    const fill = async (through, { origin = `https://localhost:${through.port}`, token, cookies = true } = {}) => {
      const wire = await Wire.open(through.port, through.tls);
      const host = `localhost:${through.port}`;
      const [page] = await wire.send(`GET /form HTTP/1.1\r\nHost: ${host}\r\n\r\n`).responses();
      if (page.status !== 200) return { status: page.status };
      const jar = page.rawHeaders.filter((line) => /^set-cookie:/i.test(line)).map((line) => /: ?([^;]*)/.exec(line)[1]).join('; ');
      wire.received = Buffer.alloc(0);
      const body = 'title=A%20b';
      const head = [`Host: ${host}`, `Origin: ${origin}`, `Referer: ${origin}/form`, ...(cookies && jar ? [`Cookie: ${jar}`] : []), `${field}: ${token ?? page.json().token}`, 'Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`];
      const [answer] = await wire.send(`POST /form HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`).responses();
      wire.destroy();
      return { page: page.json(), status: answer.status, text: answer.body.toString(), setCookies: page.rawHeaders.filter((line) => /^set-cookie:/i.test(line)) };
    };

    it('is taken with its session, its token and its origin', async () => {
      const { page, status, text, setCookies } = await fill(desk);
      assert.equal(status, 200, text);
      assert.deepEqual(JSON.parse(text), { visits: 1, title: 'A b' });
      assert.equal(page.url, `https://localhost:${desk.port}/form`, 'the framework knows the host and the scheme that were asked for');
      for (const line of setCookies) assert.match(line, /; Secure/i, line);
      assert.deepEqual(droppedBy(desk), []);
    });

    it('is refused by the framework with another token, without its cookies, and from another origin', async () => {
      for (const spoiled of [{ token: 'x'.repeat(64) }, { cookies: false }, ...(anyOrigin ? [] : [{ origin: 'https://evil.example' }])])
        assert.equal((await fill(desk, spoiled)).status, refusal, JSON.stringify(spoiled));
    });

    it('needs the lines', async () => {
      assert.notEqual((await fill(bare)).status, 200);
    });

    it('redirects within this server', async () => {
      const answer = await desk.client.send('GET', `https://localhost:${desk.port}/old`);
      assert.match(answer.headers.location, /^(?:https:\/\/localhost:\d+)?\/form$/);
    });
  });
}

// ---- clients and servers of npm ----

const serve = async (handler) => {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }) };
};

describe('tus', unlessBuilt, () => {
  it('uploads in pieces, and goes on where it stopped', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-tus-'));
    const tus = new TusServer({ path: '/files', datastore: new FileStore({ directory }), relativeLocation: true });
    const running = await serve((request, answer) => tus.handle(request, answer));
    const id = { name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 64 } };
    const desk = await deskWith('tus', {
      '/files': { post: { responses: { 201: { description: 'made' } } } },
      '/files/{id}': {
        parameters: [id], head: { responses: done },
        patch: { requestBody: { required: true, content: { 'application/offset+octet-stream': {} } }, responses: { 204: { description: 'taken' } } },
      },
    }, { port: running.port });
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
    const options = { endpoint: `https://localhost:${desk.port}/files`, chunkSize: 70_000, metadata: { filename: 'a b.bin' }, retryDelays: null, httpStack: new DefaultHttpStack({ ca: desk.authority.certificate }) };
    const url = await new Promise((resolve, reject) => {
      const upload = new Upload(bytes, { ...options, onError: reject, onChunkComplete: (_, accepted) => { if (accepted === 70_000) upload.abort().then(() => resolve(upload.url), reject); } });
      upload.start();
    });
    assert.match(url, new RegExp(`^https://localhost:${desk.port}/files/`));
    await new Promise((resolve, reject) => new Upload(bytes, { ...options, uploadUrl: url, onError: reject, onSuccess: resolve }).start());
    assert.ok(readFileSync(join(directory, url.split('/').at(-1))).equals(bytes));
    assert.deepEqual(droppedBy(desk), []);
    await running.stop();
    await desk.close();
    rmSync(directory, { recursive: true });
  });
});

describe('Connect and gRPC-web', unlessBuilt, () => {
  const text = (name) => ({ name, number: 1, type: 9, label: 1, jsonName: name });
  const said = create(FileDescriptorProtoSchema, {
    name: 'say.proto', package: 'test', syntax: 'proto3',
    messageType: [{ name: 'Words', field: [text('words')] }],
    service: [{ name: 'Say', method: [{ name: 'Echo', inputType: '.test.Words', outputType: '.test.Words' }, { name: 'Many', inputType: '.test.Words', outputType: '.test.Words', serverStreaming: true }] }],
  });
  const Say = createFileRegistry(create(FileDescriptorSetSchema, { file: [said] })).getService('test.Say');
  const routes = (router) => router.service(Say, {
    echo({ words }) {
      if (words === 'fail') throw new ConnectError('no such thing', Code.NotFound);
      return { words: `${words}!` };
    },
    async *many({ words }) {
      for (const one of [1, 2]) yield { words: `${words} ${one}` };
    },
  });
  const bodies = (types) => ({ requestBody: { required: true, content: types }, responses: { 200: { description: 'ok' }, 404: { description: 'error', content: { 'application/json': { schema: { type: 'object', required: ['code'], properties: { code: { type: 'string', maxLength: 40 }, message: { type: 'string', maxLength: 200 } } } } } } } });
  const words = { schema: { type: 'object', properties: { words: { type: 'string', maxLength: 40 } } } };

  // Pieces of a stream have a length before them: no type of it is JSON. Unary calls of Connect may be JSON.
  for (const [framework, transport, unary, stream] of [
    ['Connect', createConnectTransport, { 'application/json': words }, { 'application/connect+proto': {} }],
    ['gRPC-web', createGrpcWebTransport, { 'application/grpc-web+proto': {} }, { 'application/grpc-web+proto': {} }],
  ]) {
    it(`call and stream with ${framework}`, async () => {
      const running = await serve(connectNodeAdapter({ routes }));
      const desk = await deskWith(framework, { '/test.Say/Echo': { post: bodies(unary) }, '/test.Say/Many': { post: bodies(stream) } }, { port: running.port });
      const clientWith = (useBinaryFormat) => createClient(Say, transport({ baseUrl: `https://localhost:${desk.port}`, httpVersion: '1.1', useBinaryFormat, nodeOptions: { ca: desk.authority.certificate }, acceptCompression: [], defaultTimeoutMs: 20_000 }));
      const client = clientWith(!('application/json' in unary));
      assert.equal((await client.echo({ words: 'hello' })).words, 'hello!');
      const many = [];
      for await (const { words: one } of clientWith(true).many({ words: 'hello' })) many.push(one);
      assert.deepEqual(many, ['hello 1', 'hello 2']);
      await assert.rejects(client.echo({ words: 'fail' }), (error) => error.code === Code.NotFound && /no such thing/.test(error.message));
      assert.deepEqual(droppedBy(desk), []);
      await running.stop();
      await desk.close();
    });
  }
});

describe('OData', unlessBuilt, () => {
  it('asks and is answered', async () => {
    const parameter = (name) => ({ name, in: 'query', schema: { type: 'string', maxLength: 100 } });
    const desk = await deskWith('OData', { '/odata/People': { get: { parameters: ['$filter', '$top', '$select', '$orderby'].map(parameter), responses: done } } });
    desk.upstream.answer = () => response(200, { '@odata.context': '$metadata#People', value: [{ name: 'Ann' }] }, { 'OData-Version': '4.0', 'Content-Type': 'application/json;odata.metadata=minimal' });
    const [before, trusting] = [getGlobalDispatcher(), new Agent({ connect: { ca: desk.authority.certificate } })];
    setGlobalDispatcher(trusting);  // the client has no other way to set its trusted authorities
    const people = await o(`https://localhost:${desk.port}/odata/`, { headers: { 'OData-Version': '4.01', 'OData-MaxVersion': '4.01', Prefer: 'odata.maxpagesize=10', Accept: 'application/json;odata.metadata=minimal' } }).get('People').query({ $filter: "name eq 'Ann'", $top: 5 }).finally(() => setGlobalDispatcher(before));
    assert.equal((people.value ?? people)[0].name, 'Ann');
    const { target, headers } = desk.upstream.last;
    assert.match(decodeURIComponent(target), /^\/odata\/People\?.*\$top=5/);
    assert.deepEqual([headers['odata-version'], headers['odata-maxversion'], headers.prefer, headers.accept], ['4.01', '4.01', 'odata.maxpagesize=10', 'application/json;odata.metadata=minimal']);
    assert.equal((await desk.get('/odata/People', {})).headers['odata-version'], '4.0');
    assert.deepEqual(droppedBy(desk), []);
    await trusting.close();
    await desk.close();
  });
});
