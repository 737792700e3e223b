// Two readings of one request: Gatehouse's, and the backend's. The readers are real: Express, Werkzeug,
// Python's http.cookies, Rack, PHP and nginx, each with a public operation and a similar one that is not
// public. Gatehouse refuses each request, or the reader reads the values that Gatehouse checked.
// Rooms: http openapi target

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Desk, Wire, eventually, unlessBuilt } from './harness.mjs';
import { accepts, freePort } from './support/gatehouse.mjs';
import { allNames, apart, conditional, fieldOf, marker, valueFor } from './support/field_table.mjs';
import { responsesIn } from './support/wire.mjs';

const file = (name) => join(dirname(fileURLToPath(import.meta.url)), 'readers', name);
const tomcat = ['embed-core', 'annotations-api'].map((name) => `/usr/share/java/tomcat10-${name}.jar`); // libtomcat10-embed-java
// `cuts`: a path parameter, which servlet containers cut off the value: where a gate reads values, Gatehouse refuses one with `;`.
const readers = {
  Express: { program: process.execPath, words: () => [file('express.mjs')], bodies: true },
  Werkzeug: { program: '/usr/bin/python3', needs: '/usr/lib/python3/dist-packages/werkzeug', words: () => [file('werkzeug_reader.py')] },
  'http.cookies': { program: '/usr/bin/python3', needs: '/usr/lib/python3/dist-packages/werkzeug', words: () => [file('werkzeug_reader.py'), 'http.cookies'] },
  Rack: { program: '/usr/bin/ruby', needs: '/usr/share/rubygems-integration/all/specifications', words: () => [file('rack.rb')], folds: true },
  Tomcat: { program: '/usr/bin/java', needs: ['/usr/bin/javac', ...tomcat], words: () => ['-cp', tomcat.join(':'), file('TomcatReader.java')], cuts: true },
  PHP: { program: '/usr/bin/php', port: true, words: (folder, port) => ['-S', `127.0.0.1:${port}`, file('php_reader.php')], folds: true },
  nginx: { program: process.execPath, needs: '/usr/sbin/nginx', words: (folder) => [file('nginx.mjs'), folder], folds: true, raw: true },
  // Decodes paths twice, so that values differ; an operation with another policy is still not reached.
  'nginx with $uri before Express': { program: process.execPath, needs: '/usr/sbin/nginx', words: (folder) => [file('nginx_uri.mjs'), folder], twice: true },
};

// Starts the reader; resolves to {port, stop()}.
async function start({ program, port: fixed, words }, folder) {
  const own = fixed ? await freePort() : undefined;
  const child = spawn(program, words(folder, own), { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes));
  const port = await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`the reader did not start:\n${said}`);
    if (own) return (await accepts(own)) && own;
    return Number(/port (\d+)/.exec(said)?.[1] ?? 0);
  }, 'reader', 60_000); // Java compiles its one first
  return { port, stop: () => new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGTERM')) };
}

// Rack reads `+` as a space, and Werkzeug decodes no `%`.
const goodThemes = ['good', 'go+d', 'go%6Fd'];
const text = { type: 'string', maxLength: 60 };
const change = (reader) => (configuration, api) => {
  const open = (operationId, ...parameters) => ({ operationId, security: [{}], parameters, responses: { 200: { description: 'ok' } } });
  const doc = { name: 'doc', in: 'path', required: true, schema: text };
  const declared = [
    { name: 'q', in: 'query', schema: text, 'x-gatehouse': { log: true } }, { name: 'X-Tenant', in: 'header', schema: { type: 'string', enum: ['good'] } },
    { name: 'theme', in: 'cookie', schema: { type: 'string', enum: goodThemes } },
  ];
  api.paths = {
    '/docs/{doc}': { get: open('doc', doc, ...declared) },
    '/docs/admin': { get: { ...open('admin'), security: [{ userToken: [] }] } },
    '/jobs/{doc}:cancel': { get: open('cancel', doc) },
    '/jobs/{doc}:delete': { get: { ...open('delete', doc), security: [{ userToken: [] }] } },
  };
  const note = { type: 'object', additionalProperties: false, properties: { title: { type: 'string', maxLength: 60 } } };
  api.paths['/notes'] = { post: { ...open('note'), requestBody: { required: true, content: { 'application/json': { schema: note } } } } };
  configuration.upstreams.orders.url = `http://127.0.0.1:${reader.port}`;
  configuration.fields = { cookies: { forward: ['a', 'c', 'path', 'expires'] } };
  const isPublic = { permission: 'catalogue:read', public: 'a test' };
  configuration.operations = { note: isPublic, doc: isPublic, cancel: isPublic, admin: { permission: 'users:read' }, delete: { permission: 'users:read' } };
};

const spellings = ['admin', 'Admin', 'ADMIN', 'admin/', 'Admin/', 'admin;', 'admin;a=b', 'admin.', 'admin..', 'admin.json', 'admin.tar.gz', 'admin%20', '%20admin', 'admin%20.',
  '%61dmin', '%2561dmin', '%252561dmin', 'admin%3B', 'admin%253B', 'admin%2520', 'admin%2500', 'admin%00', 'admin%0a', 'admin%250a', 'admin%C2%A0', 'admin%E3%80%80', 'adm%C4%B1n', 'adm%C4%B0n', '%EF%BD%81dmin', 'x/../admin', 'x%2F..%2Fadmin',
  'x%252f..%252fadmin', '..%252Fdocs%252Fadmin', '%252e%252e%252fdocs%252fadmin', '.%2fadmin', './admin', 'x;/../admin', 'x\\..\\admin', '%5cadmin', '%255cadmin', 'admin?x', 'admin%3Fx', 'admin%253Fx', 'admin#x', 'admin%23x', 'admin%3F', 'admin%23', 'admin%2F', 'admin%252F', 'admin%253F', 'x%3F/../admin', '%3F/../admin', 'administrator', 'a%20b', 'x;admin', '100%25', 'a+b', 'a%2Bb', '%E2%82%AC', 'x.json', "o'brien", 'x%26y', 'x:y'];
const jobs = ['7:cancel', '7:delete', '7:Delete', '7%3Adelete', '7%3adelete', '7:delete;x', '7%253Adelete', '7:delete;:cancel', '7:delete%3B:cancel', '7:delete.json', '7:delete/', '7:delete%20', 'a%20b:cancel'];
const targets = [...spellings.map((one) => `/docs/${one}`), ...jobs.map((one) => `/jobs/${one}`),
  ...['//docs/admin', '/docs//admin', '/Docs/admin', '/DOCS/ADMIN', '/docs;x/admin', '/docs/x/;/admin', '/%64ocs/admin', '/docs%2Fadmin', '/docs/./admin', '/docs\\admin', 'http://x/docs/admin']];
const queries = ['q=good', 'q=good;q=evil', 'q=good&Q=evil', 'q=good&q=evil', 'q[]=evil', 'q=good&q[]=evil', 'q=good&q%5B%5D=evil', 'q[x]=evil', 'q=a%26q%3Devil', 'q=a%3Bq%3Devil', '%71=good', '%2571=evil', 'q=good&%71=evil', 'q=a+b', 'q=a%2Bb', 'q=a%20b', 'q=%2561', 'q.=evil', 'q%00=evil', 'q=good&&q=evil', 'q', 'q=', '?q=evil', 'q=good#&q=evil', '&q=evil', 'q =evil', 'q=good&q%20=evil', 'q=%E2%82%AC', 'q=%FF', '_method=DELETE&q=good'];
const tenants = ['X-Tenant: good', 'X-Tenant: evil', 'X_Tenant: evil', 'x_tenant: evil', 'X.Tenant: evil', 'X~Tenant: evil', 'X-Tenant: good\r\nX_Tenant: evil', 'X_Tenant: evil\r\nX-Tenant: good', 'X-Tenant: good\r\nx-tenant: evil', 'X-Tenant: good, evil', 'X-Tenant : evil', 'X-Tenant:\tgood', 'X-Tenant: good\r\n evil'];
const themes = ['theme=good', 'theme=evil', 'Theme=evil', 'theme=good; Theme=evil', 't%68eme=evil', 'theme=good; t%68eme=evil', 't%68eme=evil; theme=good', 'theme=good; theme=evil', 'theme[]=evil', 'theme=good; theme[]=evil', 'theme=good; theme[x]=evil', 'theme="good"', 'theme="evil"', 'theme=go%6Fd', 'theme=%67%6f%6F%64', 'theme=go+d', 'theme=go%2Bd', 'theme=go%256Fd', 'theme=go%2', 'theme=good%20', 'theme=good%3B', 'theme=good%22', 'theme=%E2%82%AC', 'theme =evil', 'theme=good; theme =evil', ' theme=evil', 'a="; theme=evil; "', 'a="b; theme=evil', 'theme=good,theme=evil', 'theme=good;theme=evil', 'a=1;theme=evil', 'theme', 'theme=', '=theme', '.theme=evil', '$theme=evil', 'theme%00=evil', 'a=b\\"; theme=evil',
  'a=b theme=evil', 'theme=good; a=b theme=evil', 'a=b theme=evil; theme=good', 'theme=good theme=evil', 'theme=good; a=b\ttheme=evil', 'theme=good; a=b,theme=evil', 'theme=good; a=b, theme=evil', 'theme=good; a="b; theme=evil; c"',
  'theme=good; a="b theme=evil"', 'theme=good; other=b theme=evil', 'theme=good; other=b,theme=evil', 'theme=good; other', 'theme=good; other=b c', 'theme=good; $Path=/ theme=evil', 'theme=good; a=b path theme=evil', 'theme=good; Expires=Wed, 01-Jan-2025 00:00:00 GMT theme=evil'];

// The same every time: a linear congruential generator (Numerical Recipes).
let seed = 7;
const any = (list) => list[(seed = (seed * 1664525 + 1013904223) % 4294967296) % 65536 % list.length];
const arrangement = () => Array.from({ length: 1 + any([0, 1, 2, 3, 4]) }, () => {
  const mark = any(['', '', '', ' ', ',', '"', '\\', '\t', '$', '%3B', '%20', '=', "'", '[', '.', ':', '(', '+']);
  const name = any(['theme', 'theme', 'a', 'c', 'path', 'expires', 'other', 'Theme', '$Path', 'domain']);
  const value = any(['good', 'good', 'evil', 'evil', `evil${mark}theme=evil`, `good${mark}theme=evil`, `b${mark}theme=evil`, `"b${mark}theme=evil"`, `b${mark}c`, '']);
  return `${any(['', '', '', '', mark])}${name}${any(['=', '=', '=', '=', ' = ', ''])}${value}`;
}).join(any(['; ', '; ', '; ', ';', ', ', ',', ' ', '  ', ';\t', '&']));

for (const [name, reader] of Object.entries(readers)) {
  const missing = [reader.program, reader.needs].flat().find((path) => path && !existsSync(path));
  const skip = unlessBuilt.skip || (missing && `${missing} is not installed`);
  describe(`${name} behind Gatehouse`, { skip, concurrency: false }, () => {
    let desk, running;
    before(async () => {
      desk = await Desk.open({ change: async (configuration, api, opened) => {
        running = await start(reader, opened.folder.path);
        change(running)(configuration, api);
      } });
    });
    after(async () => {
      await running?.stop();
      await desk?.close();
    });

    // The reader's own reading of the request, or undefined for an error. `through`: Gatehouse or none.
    const ask = async (target, lines, through) => {
      const wire = await Wire.open(through ? desk.port : running.port, through ? desk.tls : { tls: false });
      wire.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${lines.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\n`);
      await wire.closedByServer().catch(() => {});
      try {
        const [answer] = responsesIn(wire.received);
        return answer.status === 200 && { ...answer.json(), id: answer.headers['x-request-id'] };
      } catch {
        return undefined;
      }
    };
    // Gatehouse checked the same values that the reader read. Undefined for a refusal.
    const agreed = async (target, lines) => {
      const read = await ask(target, lines, true);
      if (!read) return undefined;
      const event = await desk.gatehouse.eventOf(read.id);
      const what = `${target} ${lines.join(' | ')}: ${JSON.stringify(read)}, but Gatehouse read ${JSON.stringify(event)}`;
      assert.equal(event.outcome, 'allowed', what);
      assert.ok(['doc', 'cancel'].includes(event.operation), what);
      assert.notEqual(read.route, 'admin', `an operation that is not public: ${what}`);
      if (read.doc && !reader.twice) assert.equal(read.doc, reader.cuts ? event.resource.doc.replace(/;.*/, '') : event.resource.doc, what);
      if (read.q) assert.equal(reader.raw ? decodeURIComponent(read.q) : read.q, event.query.q, what);
      if (read.tenant) assert.equal(read.tenant, 'good', what);
      if (read.theme) assert.equal(read.theme, 'good', what);
      return read;
    };

    it('is led by no path to an operation that is not public', async () => {
      let bypassed = 0, answered = 0;
      for (const target of targets) {
        if ((await ask(target, [], false))?.route === 'admin') bypassed += 1;
        if (await agreed(target, [])) answered += 1;
      }
      assert.ok(bypassed > 2, `asked directly it reads ${bypassed} of the paths as one that is not public: the test tests something`);
      assert.ok(answered > 8, `${answered} harmless ones go on`);
    });

    it('reads no other value of a query', async () => {
      let answered = 0;
      for (const query of queries) answered += (await agreed(`/docs/x?${query}`, [])) ? 1 : 0;
      assert.ok(answered > 4);
    });

    it('reads no other header field', async () => {
      let answered = 0;
      if (reader.folds) assert.equal((await ask('/docs/x', ['X_Tenant: evil'], false)).tenant, 'evil', 'asked directly');
      for (const tenant of tenants) answered += (await agreed('/docs/x', [tenant])) ? 1 : 0;
      assert.ok(answered >= 2);
    });

    it('sees the fields that the table lets go on, and no others under any name', { skip: reader.raw || reader.twice }, async () => {
      const own = (await agreed('/docs/x', [])).fields;
      const names = allNames.filter((name) => !apart.has(name.toLowerCase()) && !['connection', 'cookie', 'upgrade', 'x-tenant'].includes(name.toLowerCase()));
      let went = 0;
      for (let at = 0; at < names.length; at += 12) {
        const fields = names.slice(at, at + 12).map((name) => ({ ...fieldOf(name), name: name.toLowerCase() }));
        const seen = (await agreed('/docs/x', fields.map((field) => `${field.name}: ${valueFor(field)}`))).fields.filter((name) => !own.includes(name)).sort();
        const expected = fields.filter(({ name, toUpstream }) => toUpstream === 'goes_on' && !conditional.has(name)).map(({ name }) => name).sort();
        assert.deepEqual(seen, expected);
        went += seen.length;
      }
      assert.ok(went > 25, `${went} go on`);
      if (!reader.folds) return;
      for (const name of names.filter((one) => one.includes('-'))) {
        const read = await agreed('/docs/x', [`${name.replaceAll('-', '_')}: ${marker}`]);
        assert.deepEqual((read?.fields ?? []).filter((one) => !own.includes(one)), [], name);
      }
    });

    it('reads no other body, with any charset in its type', { skip: !reader.bodies }, async () => {
      const utf7 = '{"title":"+ACIALAAi-role+ACIAOgAi-admin"}'; // decoded: {"title":"","role":"admin"}
      const ask = async (type, through) => {
        const wire = await Wire.open(through ? desk.port : running.port, through ? desk.tls : { tls: false });
        wire.send(`POST /notes HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${utf7.length}\r\nConnection: close\r\n\r\n${utf7}`);
        await wire.closedByServer().catch(() => {});
        const [answer] = responsesIn(wire.received);
        return answer.status === 200 ? answer.json().note : answer.status;
      };
      assert.deepEqual(await ask('application/json; charset=utf-7', false), { title: '', role: 'admin' }, 'asked directly');
      const types = ['charset=utf-7', 'charset="utf-7"', 'charset="utf-\\7"', 'charset="\\u\\t\\f-7"', "charset*=utf-8''utf-7", 'charset*0=utf-7', 'x="y;charset=utf-7"', 'x="y, charset=utf-7"', 'xcharset=utf-7', 'charset=utf-8; charset=utf-7', 'charset=utf-8; x="charset=utf-7"'];
      for (const type of types) assert.equal(await ask(`application/json; ${type}`, true), 415, type);
      assert.equal(await ask('application/json; profile="https://a.test/x?y=z"', true), 415, 'the document declares no such parameter');
      for (const type of ['application/json', 'application/json; charset="UTF-8"']) assert.deepEqual(await ask(type, true), JSON.parse(utf7), type);
    });

    it('reads no other cookie', async () => {
      let answered = 0;
      for (const theme of themes) answered += (await agreed('/docs/x', [`Cookie: ${theme}`])) ? 1 : 0;
      assert.ok(answered >= 2);
      assert.equal((await agreed('/docs/x', ['Cookie: theme=go%6Fd'])).theme, 'good', 'as Gatehouse decoded it');
    });

    it('reads no other cookie in any arrangement of separators', async () => {
      let answered = 0, evil = 0;
      for (let count = 0; count < Number(process.env.GATEHOUSE_ARRANGEMENTS ?? 60); ++count) {
        const line = `Cookie: ${arrangement()}`;
        evil += ((await ask('/docs/x', [line], false))?.theme ?? 'good') !== 'good' ? 1 : 0;
        answered += (await agreed('/docs/x', [line])) ? 1 : 0;
      }
      assert.ok(answered >= 5 && evil >= 5, `${answered} go on, and asked directly the reader reads another value in ${evil}`);
    });
  });
}
