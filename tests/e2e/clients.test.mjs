// Popular clients, with the fields that they send by themselves: the upstream gets the same behind Gatehouse
// as without it, and nothing of it is dropped. A client that is not installed is skipped.
// Rooms: gate http policy server target

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Agent as UndiciAgent, fetch } from 'undici';

import { Desk, axiosClient, curlClient, response, undiciClient, unlessBuilt } from './harness.mjs';
import { responsesIn } from './support/wire.mjs';

const file = (name) => join(fileURLToPath(new URL('clients/', import.meta.url)), name);
const json = '{"title":"x"}';
const deadline = 120_000;

async function run(program, ...words) {
  const { stdout } = await promisify(execFile)(program, words, { timeout: deadline, env: { ...process.env, HTTPS_PROXY: '', https_proxy: '', HTTP_PROXY: '', http_proxy: '', NO_PROXY: '*', no_proxy: '*' } });
  return { status: Number(stdout.slice(0, 3)), text: stdout.slice(4) };
}
const works = (program, ...words) => {
  try {
    execFileSync(program, words, { stdio: 'ignore', timeout: deadline });
    return undefined;
  } catch {
    return `${program} ${words.join(' ')} does not work here`;
  }
};
const node = (method, url, ca) => new Promise((resolve, reject) => {
  const options = { method, headers: method === 'POST' ? { 'content-type': 'application/json' } : {}, agent: url.startsWith('https') ? new Agent({ ca }) : undefined };
  const sent = (url.startsWith('https') ? httpsRequest : httpRequest)(url, options, async (answer) => {
    resolve({ status: answer.statusCode, text: Buffer.concat(await answer.toArray()).toString() });
  });
  sent.on('error', reject).end(method === 'POST' ? json : undefined);
});
const ofHarness = (make) => async (method, url, ca, caFile) => {
  const client = make({ ca, caFile });
  try {
    return await client.send(method, url, method === 'POST' ? { headers: { 'content-type': 'application/json' }, body: json } : {});
  } finally {
    client.close();
  }
};
const python = (name) => ({ send: (method, url, ca, caFile) => run('/usr/bin/python3', file('client.py'), name, method, url, caFile), missing: () => works('/usr/bin/python3', '-c', `import ${name}`) });
const java = (name) => ({ send: (method, url, ca, caFile) => run('java', file('Client.java'), name, method, url, caFile), missing: () => works('java', '--list-modules') ?? works('javac', '-version') });

// Each: (method, url, certificate authority, its file) => {status, text}, with the fields of its own and Content-Type alone.
const clients = {
  curl: { send: ofHarness(curlClient) },
  undici: { send: ofHarness(undiciClient) },
  axios: { send: ofHarness(axiosClient) },
  'node:http': { send: node },
  'fetch of undici': {
    ofScheme: ['accept-encoding'], // it offers br over TLS only
    send: async (method, url, ca) => {
      const dispatcher = new UndiciAgent({ connect: { ca } });
      const answer = await fetch(url, { method, dispatcher, ...(method === 'POST' && { body: json, headers: { 'content-type': 'application/json' } }) });
      const text = await answer.text();
      await dispatcher.close();
      return { status: answer.status, text };
    },
  },
  urllib: python('urllib'),
  requests: python('requests'),
  httpx: python('httpx'),
  'HttpClient of Java': java('http'),
  'HttpURLConnection of Java': java('url'),
  Go: { send: (method, url, ca, caFile) => run('go', 'run', file('client.go'), method, url, caFile), missing: () => works('go', 'version') },
};

// They concern the connection or name the upstream; Java's client asks for HTTP/2 if it may.
const ofConnection = new Set(['connection', 'host', 'upgrade', 'http2-settings', 'keep-alive', 'content-length', 'transfer-encoding', 'te']);

describe('the fields that a client sends by itself reach the upstream', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({ change: (configuration, api) => {
      const title = { type: 'object', properties: { title: { type: 'string', maxLength: 9 } } };
      api.paths['/own'] = {
        get: { operationId: 'readOwn', security: [{}], responses: { 200: { description: 'ok' } } },
        post: { operationId: 'writeOwn', security: [{}], requestBody: { required: true, content: { 'application/json': { schema: title } } }, responses: { 200: { description: 'ok' } } },
      };
      for (const name of ['readOwn', 'writeOwn']) configuration.operations[name] = { permission: 'catalogue:read', public: 'a test' };
    } });
    desk.upstream.answer = ({ method, body }) => response(200, { method, body: body.toString() });
  });
  after(() => desk?.close());

  for (const [name, { send, missing, ofScheme = [] }] of Object.entries(clients)) {
    it(`of ${name}`, { skip: missing?.() ?? false }, async () => {
      for (const method of ['GET', 'POST']) {
        const direct = await send(method, `${desk.upstream.url}/own`, desk.authority.certificate, join(desk.folder.path, 'ca.crt'));
        const { headers: sent } = desk.upstream.last;
        const through = await send(method, `https://localhost:${desk.port}/own`, desk.authority.certificate, join(desk.folder.path, 'ca.crt'));
        assert.deepEqual([through.status, through.text], [direct.status, direct.text]);
        const { headers: reached } = desk.upstream.last;
        for (const [field, value] of Object.entries(sent)) if (!ofConnection.has(field)) assert.equal(ofScheme.includes(field) ? value : reached[field], value, `${name}, ${method}: ${field}`);
        for (const field of ofScheme) assert.ok(reached[field], field);
        const event = await desk.gatehouse.eventOf(reached['x-request-id']);
        assert.equal(event['http.request.dropped'], undefined);
      }
    });
  }
});
