// The parts of an upstream's head that leave: named cookies, as every browser reads them, and pages with
// their own policies.
// Rooms: docs http policy target gate

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { serialize } from 'cookie';
import { Headers, getSetCookies } from 'undici';

import { Desk, Wire, response, unlessBuilt } from './harness.mjs';

const cookie = (name) => ({ name, in: 'cookie', schema: { type: 'string', maxLength: 20 } });
const open = (desk) => async (target = '/catalogue', lines = []) => {
  const wire = await Wire.open(desk.port, desk.tls);
  const [answer] = await wire.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`).responses();
  wire.destroy();
  return answer;
};
// The lines of Set-Cookie, without the name of the field.
const cookiesOf = ({ rawHeaders }) => rawHeaders.filter((line) => /^set-cookie:/i.test(line)).map((line) => line.slice(11).trim());
// As a browser reads it (RFC 6265bis section 5.6): undici's reader.
function readByBrowser(line) {
  const headers = new Headers();
  try {
    headers.append('set-cookie', line);
  } catch {
    return undefined;
  }
  return getSetCookies(headers)[0];
}

const html = { 'Content-Type': 'text/html; charset=utf-8' };
const change = (fields) => (configuration, api) => {
  if (fields) configuration.fields = fields;
  api.components.securitySchemes.browserKey = { type: 'apiKey', in: 'cookie', name: 'sid' };
  configuration.authenticators.browserKey = { type: 'api_key', prefix: 'partner:' };
  const { get } = api.paths['/catalogue'];
  get.parameters = [cookie('theme')];
  // A document that declares the credential's own name changes nothing.
  api.paths['/orders'].get.parameters.push(cookie('sid'));
  api.paths['/page'] = { get: { operationId: 'page', security: [{}], responses: { 200: { description: 'ok', content: { 'text/html': { schema: { type: 'string' } }, 'application/json': {} } } } } };
  api.paths['/any'] = { get: { operationId: 'any', security: [{}], responses: { 200: { description: 'ok', headers: { 'Set-Cookie': { schema: { type: 'string' } } }, content: { '*/*': {} } } } } };
  for (const name of ['page', 'any']) configuration.operations[name] = { permission: 'catalogue:read', public: 'a test' };
};

describe('Set-Cookie of an upstream', unlessBuilt, () => {
  let desk, ask;
  before(async () => {
    desk = await Desk.open({ change: change({ cookies: { forward: ['lang', { name: 'XSRF-TOKEN', http_only: false }] } }) });
    ask = open(desk);
  });
  after(() => desk?.close());
  const set = async (lines, target) => {
    desk.upstream.answer = () => Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n${lines.map((line) => `Set-Cookie: ${line}\r\n`).join('')}\r\n{}`, 'latin1');
    return cookiesOf(await ask(target));
  };

  it('leaves for declared and forwarded cookies, completed', async () => {
    assert.deepEqual(await set(['theme=dark', 'lang=de; Path=/; SameSite=Strict', 'XSRF-TOKEN=abc', 'JSESSIONID=1', 'Theme=x']),
      ['theme=dark; Secure; HttpOnly; SameSite=Lax', 'lang=de; Path=/; Secure; HttpOnly; SameSite=Strict', 'XSRF-TOKEN=abc; Secure; SameSite=Lax']);
  });

  it('never leaves with the name of a credential, in any spelling and with any declaration', async () => {
    for (const line of ['sid=1', 'SID=1', 's%69d=1', 'sid=1; Secure; HttpOnly; SameSite=Lax', ' sid=1', 'sid =1', 'sid[a]=1'])
      for (const target of ['/catalogue', '/any']) assert.deepEqual(await set([line], target), [], `${target} ${line}`);
    assert.deepEqual(await set(['sids=1'], '/any'), ['sids=1; Secure; HttpOnly; SameSite=Lax']);
    const { headers } = await ask();
    assert.ok(headers['x-request-id']);
  });

  it('that is dropped is reported to the operator, without its value', async () => {
    desk.upstream.answer = () => response(200, {}, { 'Set-Cookie': 'theme=a secret' });
    const answer = await ask();
    assert.deepEqual(cookiesOf(answer), []);
    assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id'])).detail, "the upstream's cookie was dropped, because it is not a valid Set-Cookie: theme");
  });

  // The same every time: a linear congruential generator (Numerical Recipes).
  let seed = 23;
  const below = (bound) => Math.floor(((seed = (seed * 1664525 + 1013904223) % 4294967296) / 4294967296) * bound);
  const any = (list) => list[below(list.length)];

  // undici ignores unknown attributes; an empty Domain has no effect.
  const known = ({ unparsed, domain, ...rest }) => ({ ...rest, ...(domain && { domain }) });

  it('of Express leaves, with any options', async () => {
    for (let count = 0; count < 60; ++count) {
      const options = { path: any(['/', '/a', undefined]), maxAge: any([0, 60, undefined]), expires: any([new Date(0), new Date(4e12), undefined]), httpOnly: any([true, false]), secure: any([true, false]), sameSite: any(['strict', 'lax', 'none', true, undefined]), priority: any(['high', undefined]), partitioned: any([true, false]), domain: any(['shop.test', undefined]) };
      const line = serialize('theme', any(['dark', 'a b', '{"a":1}', 'ä', '', 'a=b&c', '%']), options);
      const [left, ...more] = await set([line]);
      assert.deepEqual(more, []);
      assert.deepEqual(known(readByBrowser(left)), { ...known(readByBrowser(line)), secure: true, httpOnly: true, sameSite: readByBrowser(line).sameSite ?? 'Lax' }, `${line} as ${left}`);
      assert.equal(left.endsWith('; Partitioned'), options.partitioned, left);
    }
  });

  it('is read as a browser read it before, or stays behind', async () => {
    let left = 0, stayed = 0;
    const piece = () => any(['Path=/', 'Path=/a', 'path=/b', 'Path=x', 'Path=', 'Domain=shop.test', 'Domain=.a.test', 'Domain=', 'Domain=a:1', 'Max-Age=60', 'max-age=0', 'Max-Age=x', 'Max-Age=-5', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'Expires=Thu, 01-Jan-1970 00:00:00 GMT', 'Expires=Tue, 29 Feb 2028 10:00:00 GMT', 'Expires=soon', 'Secure', 'HttpOnly', 'SameSite=Lax', 'samesite=NONE', 'SameSite=x', 'Version=1', '', ' ', 'a=b', 'Secure=no', '"', '=', 'Partitioned', ',b=c', 'HttpOnly, lang=x']);
    for (let count = 0; count < 400; ++count) {
      const value = any(['dark', '', '"dark"', 'a b', 'a,b', 'a"b', 'a\\b', '%20', 'a=b', '\xe4', 'a\tb', "'", '"a;b"']);
      const line = `${any(['theme', 'theme', 'theme', 'theme ', ' theme', 'Theme', 'lang'])}${any(['=', '=', '=', '= ', ''])}${value}${Array.from({ length: below(4) }, () => any(['; ', ';', ' ; ']) + piece()).join('')}`;
      const lines = await set([line]);
      assert.ok(lines.length <= 1, line);
      if (lines.length === 0) {
        stayed += 1;
        continue;
      }
      left += 1;
      const before = readByBrowser(line), after = readByBrowser(lines[0]);
      assert.ok(before, line);
      assert.deepEqual(known(after), { ...known(before), secure: true, httpOnly: true, sameSite: before.sameSite ?? 'Lax' }, `${line} as ${lines[0]}`);
    }
    assert.ok(left > 40 && stayed > 40, `${left} left, ${stayed} stayed`);
  });
});

describe('Set-Cookie with `set: refuse`', unlessBuilt, () => {
  it('stays behind where it lacks something', async () => {
    const desk = await Desk.open({ change: change({ cookies: { set: 'refuse', forward: [{ name: 'XSRF-TOKEN', http_only: false }] } }) });
    const set = async (line) => {
      desk.upstream.answer = () => response(200, {}, { 'Set-Cookie': line });
      return cookiesOf(await open(desk)());
    };
    const whole = 'theme=a; Secure; HttpOnly; SameSite=Lax';
    assert.deepEqual(await set(whole), [whole]);
    for (const line of ['theme=a', 'theme=a; HttpOnly; SameSite=Lax', 'theme=a; Secure; SameSite=Lax', 'theme=a; Secure; HttpOnly', 'theme=a; Secure; HttpOnly; SameSite=x']) assert.deepEqual(await set(line), [], line);
    assert.deepEqual(await set('XSRF-TOKEN=a; Secure; SameSite=Lax'), ['XSRF-TOKEN=a; Secure; SameSite=Lax']);
    await desk.close();
  });
});

describe('`fields.answers`', unlessBuilt, () => {
  it('lets further fields leave, and none that Gatehouse writes', async () => {
    const desk = await Desk.open({ change: change({ answers: { forward: ['X-Total-Count', 'permissions-policy'] } }) });
    desk.upstream.answer = () => response(200, {}, { 'X-Total-Count': 7, 'X-Other': 1, Server: 'x', 'Permissions-Policy': 'camera=()' });
    const { headers } = await open(desk)();
    assert.deepEqual([headers['x-total-count'], headers['x-other'], headers.server, headers['permissions-policy']], ['7', undefined, undefined, 'camera=()']);
    await desk.close();
  });

  it('cannot name a field that never leaves, an invalid name, or an unknown word', async () => {
    const desk = await Desk.open();
    const said = async (fields) => {
      desk.configuration.fields = fields;
      desk.writeFiles();
      const { status, stdout, stderr } = await desk.folder.run('check', '-c', 'gatehouse.yaml');
      assert.equal(status, 1, JSON.stringify(fields));
      return stdout + stderr;
    };
    const text = await said({ answers: { forward: ['Server', 'Content-Security-Policy', 'Transfer-Encoding', 'a b', 'Gatehouse-Roles', 'X-Fine', 'Cache-Control', 'Set-Cookie', 'Gatehouse_Roles'] } });
    for (const name of ['Server', 'Content-Security-Policy', 'Transfer-Encoding', 'Gatehouse-Roles', 'Cache-Control']) assert.ok(text.includes(`fields.answers.forward: \`${name}\` never leaves`), `${name}: ${text}`);
    assert.match(text, /fields\.answers\.forward: `a b` is not the name of a header field/);
    assert.match(text, /fields\.answers\.forward: `Set-Cookie` leaves for the cookies/);
    assert.doesNotMatch(text, /X-Fine/);
    assert.match(await said({ cookies: { set: 'sometimes' } }), /complete.*refuse/);
    assert.match(await said({ cookies: { forward: [{ name: 'a', http_only: 'no' }] } }), /http_only/);
    assert.match(await said({ cookies: { forward: [{ http_only: false }] } }), /name/);
    assert.match(await said({ answers: { refuse: true } }), /refuse/);
    await desk.close();
  });
});

describe('an answer that is a page', unlessBuilt, () => {
  let desk, ask;
  before(async () => {
    desk = await Desk.open({ change: change() });
    ask = open(desk);
  });
  after(() => desk?.close());
  const policies = { 'Content-Security-Policy': "default-src 'self' https://cdn.test", 'Referrer-Policy': 'origin', 'Permissions-Policy': 'camera=()', 'Cross-Origin-Opener-Policy': 'same-origin' };
  const strict = ["default-src 'none'; frame-ancestors 'none'", 'no-referrer'];
  const own = ({ headers }) => [headers['content-security-policy'], headers['referrer-policy']];

  it('keeps the policies of its own, each once', async () => {
    desk.upstream.answer = () => response(200, '<p>', { ...html, ...policies });
    const answer = await ask('/page');
    for (const [name, value] of Object.entries(policies)) assert.deepEqual(answer.rawHeaders.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`)), [`${name}: ${value}`]);
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    assert.match(answer.headers['strict-transport-security'], /max-age/);
  });
  it('gets policies that let a form be sent and nothing be loaded from elsewhere', async () => {
    desk.upstream.answer = () => response(200, '<p>', html);
    assert.deepEqual(own(await ask('/page')), ["default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'", 'same-origin']);
  });
  it('does not count as one without a declaration', async () => {
    for (const [target, type] of [['/page', 'application/json'], ['/page', 'text/plain'], ['/any', 'text/html'], ['/catalogue', 'text/html']]) {
      desk.upstream.answer = () => response(200, '<p>', { 'Content-Type': type, ...policies });
      const answer = await ask(target);
      assert.deepEqual(own(answer), strict, `${target} ${type}`);
      assert.equal(answer.headers['permissions-policy'], undefined);
    }
  });
  it('is not a refusal: those have all security fields', async () => {
    for (const status of [400, 404, 500, 503]) {
      desk.upstream.answer = () => response(status, '<p>', { ...html, ...policies });
      const answer = await ask('/page');
      assert.deepEqual(own(answer), strict, status);
      assert.match(answer.headers['content-type'], /json/);
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.match(answer.headers['strict-transport-security'], /max-age/);
    }
    desk.upstream.answer = () => response(200);
    for (const target of ['/page?x=1', '/nothing']) assert.deepEqual(own(await ask(target)), strict, target);
    const wire = await Wire.open(desk.port, desk.tls);
    const [malformed] = await wire.send('GET /page HTTP/1.1\r\n\r\n').responses();
    assert.deepEqual(own(malformed), strict);
    wire.destroy();
  });
  it('changes no page that a cache holds', async () => {
    desk.upstream.answer = () => response(304, '', { 'Content-Type': undefined, 'Content-Length': undefined, ETag: '"1"' });
    assert.deepEqual(own(await ask('/page', ['If-None-Match: "1"'])), [undefined, undefined]);
    assert.deepEqual(own(await ask('/catalogue', ['If-None-Match: "1"'])), strict);
  });
});
