// `signed: true`: requests that their senders signed for the upstream (RFC 9421, AWS Signature Version 4).
// The upstream of these tests verifies each signature over the request that reached it.
// Rooms: core docs gate http policy target

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, assertRefused, eventually, response, unlessBuilt } from './harness.mjs';
import { allNames, apart, fieldOf, valueFor } from './support/field_table.mjs';

const secret = 'between sender and upstream';
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const hmac = (key, text, as) => createHmac('sha256', key).update(text).digest(as);

// RFC 9421 section 2.5, of {method, target, headers}: the line of each component, and of the parameters.
function signatureBase({ method, target, headers }, components, parameters) {
  const [path, query] = target.split(/\?(.*)/s);
  const derived = { '@method': method, '@path': path, '@query': `?${query ?? ''}`, '@authority': headers.host.toLowerCase() };
  const lines = components.map((name) => `"${name}": ${derived[name] ?? headers[name]}`);
  return `${lines.join('\n')}\n"@signature-params": ${parameters}`;
}
function sign(request, components) {
  const parameters = `(${components.map((name) => `"${name}"`).join(' ')});created=1618884473;keyid="k"`;
  return { 'signature-input': `sig1=${parameters}`, signature: `sig1=:${hmac(secret, signatureBase(request, components, parameters), 'base64')}:` };
}
function verify(request) {
  const parameters = request.headers['signature-input']?.slice('sig1='.length);
  const components = [...(/^\(([^)]*)\)/.exec(parameters)?.[1] ?? '').matchAll(/"([^"]+)"/g)].map(([, name]) => name);
  return parameters !== undefined && request.headers.signature === `sig1=:${hmac(secret, signatureBase(request, components, parameters), 'base64')}:`;
}

// AWS Signature Version 4 of a request without a body, over the query that its target has.
const scope = '20260101/eu-central-1/orders/aws4_request';
function awsSignature({ method, target, headers }, names) {
  const [path, query = ''] = target.split(/\?(.*)/s);
  const canonical = [method, path, query.split('&').sort().join('&'), ...names.map((name) => `${name}:${headers[name]}`), '', names.join(';'), sha256('').toString('hex')].join('\n');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical).toString('hex')].join('\n');
  return hmac(scope.split('/').reduce((key, part) => hmac(key, part), `AWS4${secret}`), text, 'hex');
}
const awsAuthorization = (request, names) => `AWS4-HMAC-SHA256 Credential=AKID/${scope}, SignedHeaders=${names.join(';')}, Signature=${awsSignature(request, names)}`;
function verifyAws(request) {
  const names = /SignedHeaders=([^,]+)/.exec(request.headers.authorization ?? '')?.[1].split(';') ?? [];
  return names.length > 0 && request.headers.authorization.endsWith(`Signature=${awsSignature(request, names)}`);
}

// As an inventor of signatures would write it: whole by its form.
const invented = (names) => `AWS4-HMAC-SHA256 Credential=AKID/${scope}, SignedHeaders=${names}, Signature=${'0'.repeat(64)}`;
const presigned = (names) => `/signed?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(`AKID/${scope}`)}&X-Amz-SignedHeaders=${encodeURIComponent(names)}&X-Amz-Signature=${'0'.repeat(64)}`;

const body = '{"title":"x"}';
const digest = `sha-256=:${sha256(body).toString('base64')}:`;

describe('a signed request', unlessBuilt, () => {
  let desk, raw;
  before(async () => {
    desk = await Desk.open({ change: (configuration, api) => {
      const title = { type: 'object', properties: { title: { type: 'string', maxLength: 9 } } };
      const operation = (operationId) => ({
        operationId, security: [{}], responses: { 200: { description: 'ok' } },
        parameters: [{ name: 'X-Own', in: 'header', schema: { type: 'string', maxLength: 20 } }, { name: 'theme', in: 'cookie', schema: { type: 'string', maxLength: 20 } },
          ...['q', 'hook', 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-SignedHeaders', 'X-Amz-Signature', 'X-Amz-Security-Token'].map((name) => ({ name, in: 'query', schema: { type: 'string', maxLength: 99 } }))],
      });
      api.components.securitySchemes.hookKey = { type: 'apiKey', in: 'query', name: 'hook' };
      configuration.authenticators.hookKey = { type: 'api_key', prefix: 'partner:' };
      configuration.authenticators.userToken.forward = true;  // of a caller whom it proves: none here
      api.paths['/signed'] = { get: operation('readSigned'), post: { ...operation('writeSigned'), requestBody: { required: true, content: { 'application/json': { schema: title } } } } };
      api.paths['/unsigned'] = { get: operation('readUnsigned') };
      for (const name of ['readSigned', 'writeSigned', 'readUnsigned']) configuration.operations[name] = { permission: 'catalogue:read', public: 'a test', ...(name !== 'readUnsigned' && { signed: true }) };
    } });
    raw = async (text) => {
      const wire = await Wire.open(desk.port, desk.tls);
      const [answer] = await wire.send(text).responses();
      wire.destroy();
      return answer;
    };
  });
  after(() => desk?.close());

  // The request with its signature, as it is sent; `spoil` changes fields behind the signer's back.
  const head = ({ method, target, headers }) => `${method} ${target} HTTP/1.1\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  const request = (headers = {}, { method = 'GET', target = '/signed?q=%41b' } = {}) => ({ method, target, headers: { host: 'localhost', ...headers } });
  const signed = (made, components) => ({ ...made, headers: { ...made.headers, ...sign(made, components) } });

  it('reaches the upstream so that its signature holds', async () => {
    const covered = ['@method', '@authority', '@path', '@query', 'date', 'x-own'];
    for (const made of [
      signed(request({ date: 'Tue, 20 Apr 2021 02:07:55 GMT', 'x-own': 'mine', accept: '*/*' }), covered),
      signed(request({ date: 'Sunday, 06-Nov-94 08:49:37 GMT' }), ['date', '@query']),
      signed(request({ 'user-agent': 'curl/8', accept: 'text/html, */*;q=0.1' }), ['accept', 'user-agent']),
    ]) {
      assert.equal((await raw(head(made))).status, 200, head(made));
      assert.ok(verify(desk.upstream.last), desk.upstream.last.head);
    }
    const written = signed(request({ 'content-type': 'application/json; charset="UTF-8"', 'content-length': body.length, 'content-digest': digest }, { method: 'POST' }), ['content-type', 'content-length', 'content-digest', '@method']);
    assert.equal((await raw(head(written) + body)).status, 200);
    assert.ok(verify(desk.upstream.last));
    assert.equal(desk.upstream.last.body.toString(), body);

    const aws = request({ 'x-amz-date': '20260101T000000Z', 'x-amz-content-sha256': sha256('').toString('hex'), 'x-amz-security-token': 'a/b+c==' });
    aws.headers.authorization = awsAuthorization(aws, ['host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token']);
    assert.equal((await raw(head(aws))).status, 200);
    assert.ok(verifyAws(desk.upstream.last), desk.upstream.last.head);
    assert.equal(verifyAws({ ...desk.upstream.last, target: '/signed?q=other' }), false, 'the test tests something');
  });

  it('is refused where something that it covers would not reach the upstream as it was sent', async () => {
    const own = { host: 'LOCALHOST' };
    for (const [made, finding] of [
      // Covering a field does not forward it: the caller chooses the covered fields.
      ...['x-middleware-subrequest', 'remote-user', 'x-new', 'x-forwarded-host', 'gatehouse-principal', 'proxy', 'dnt', 'referer', 'x-request-id', 'traceparent', 'tracestate', 'te'].map((name) => [signed(request({ [name]: '1' }), [name]), `${name}: signed`]),
      ...['x-request-id', 'x-forwarded-for', 'gatehouse-roles', 'traceparent'].map((name) => [signed(request(), [name]), `${name}: signed`]),
      [signed(request({ authorization: 'Bearer x' }), ['authorization']), 'authorization: signed'],
      [signed(request({ cookie: 'theme=dark' }), ['cookie']), 'cookie: signed'],
      [signed(request({ accept: 'text/html, ${x}' }), ['accept']), 'accept: signed'],
      [signed(request({ 'user-agent': '${jndi:x}' }), ['user-agent']), 'user-agent: signed'],
      [signed(request({ 'content-type': 'application/json' }), ['content-type']), 'content-type: signed'],
      [signed(request(own), ['@authority']), 'host: signed'],
      [signed(request({ host: 'localhost:443' }), ['@authority']), 'host: signed'],
      [signed(request({}, { target: 'https://localhost/signed' }), ['@method']), 'host: signed'],
      [signed(request({}, { target: '/signed?hook=secret' }), ['@query']), 'hook: signed'],
      [signed(request({}, { target: '/signed?h%6fok=secret' }), ['@query']), 'hook: signed'],
      // The coverage of an unreadable signature is unknown.
      [request(), 'signature: required'],
      [request({ 'x-amz-date': '20260101T000000Z' }), 'signature: required'],
      [request({ signature: 'sig1=:AA==:' }), 'signature: format'],
      [request({ 'signature-input': 'sig1=("date")' }), 'signature: format'],
      [request({ signature: 'sig1="${x}"', 'signature-input': 'sig1=("date")' }), 'signature: format'],
      [signed(request({ date: 'today' }), ['@method']), 'date: format'],
      [request({ signature: 'sig1=:AA==:', 'signature-input': 'sig1=(date)' }), 'signature: format'],
      [request({ signature: 'sig1=:AA==:', 'signature-input': 'sig1=("x-own";tr)' }), 'signature: format'],
      [request({ authorization: 'AWS4-HMAC-SHA256 Credential=a, Signature=0' }), 'signature: format'],
      // As Amazon's services have it.
      [signed(request({ 'x-amz-acl': 'public-read' }), ['date']), 'x-amz-acl: unsigned'],
      [request({ authorization: invented('host'), 'x-amz-acl': 'public-read' }), 'x-amz-acl: unsigned'],
      // An invented signature of another kind, or a second one of AWS, covers nothing for it.
      [request({ 'signature-input': 'z=("x-amz-acl")', signature: 'z=:AA==:', 'x-amz-acl': 'public-read' }), 'x-amz-acl: unsigned'],
      [request({ 'signature-input': 'z=("x-amz-acl")', signature: 'z=:AA==:', authorization: invented('host'), 'x-amz-acl': 'public-read' }), 'x-amz-acl: unsigned'],
      [request({ authorization: invented('host'), 'x-amz-acl': 'public-read' }, { target: presigned('host;x-amz-acl') }), 'signature: format'],
      [request({ 'x-amz-acl': 'public-read' }, { target: presigned('host') }), 'x-amz-acl: unsigned'],
      [request({}, { target: '/signed?X-Amz-SignedHeaders=host' }), 'signature: format'],
      [request({ 'signature-input': 'a=("date"), b=("x-own")', signature: 'c=:AA==:' }), 'signature: format'],
      // A text that begins like a signature is forwarded only if it matches the grammar.
      ...['AWS4-${jndi:x}, SignedHeaders=host', `AWS4-Bearer ${desk.token}, SignedHeaders=host`, invented('host; x-amz-acl'), invented('host').replace(', ', ' SignedHeaders=x-amz-acl, '), `${invented('host')}, X=1`].map((authorization) => [request({ authorization }), 'signature: format']),
      ...['a\xFFb', 'a\tb', 'x'.repeat(8193)].map((value) => [request({ authorization: invented('host;x-amz-foo'), 'x-amz-foo': value }), 'x-amz-foo: format']),
    ]) {
      const arrived = desk.upstream.requests.length;
      const event = await assertRefused(desk.gatehouse, await raw(head(made)), { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
      assert.ok(event.detail.endsWith(`/${finding}`), `${head(made)}${event.detail}, not ${finding}`);
      assert.equal(desk.upstream.requests.length, arrived);
    }
    const spelled = signed(request({ 'content-type': 'Application/JSON', 'content-length': body.length }, { method: 'POST' }), ['content-type']);
    assert.match((await assertRefused(desk.gatehouse, await raw(head(spelled) + body), { status: 400, error: 'invalid_request', reason: 'parameters_invalid' })).detail, /content-type: signed$/);
    for (const lines of ['X-Amz-Security_Token: x\r\n', 'X-Amz-A_b: 1\r\n', 'x-amz-a.b: 1\r\n', 'Signature_Input: sig1=("date")\r\n', 'Signature.Input: x\r\n', 'X_Amz_Date: 1\r\n'])
      assert.equal((await raw(head(signed(request(), ['@method'])).replace('\r\n\r\n', `\r\n${lines}\r\n`))).status, 400, lines);
    assert.equal((await raw(head(request({ authorization: invented('host;x-amz-date'), 'x-amz-date': '1' })).replace('\r\n\r\n', '\r\nX-Amz-Date: 2\r\n\r\n'))).status, 400, 'two values');
  });

  it('arrives as signed or not at all, with any coverage', async () => {
    const names = [...allNames.filter((name) => !apart.has(name.toLowerCase()) && !['connection', 'upgrade'].includes(name.toLowerCase())), 'X-Amz-Meta-a', 'X_Own'];
    const often = ['X-Own', 'Accept', 'User-Agent', 'If-None-Match', 'Date', 'X-Amz-Date', 'Range', 'Prefer'];
    let seed = 7;
    const below = (n) => (seed = (seed * 1664525 + 1013904223) % 4294967296) % 65536 % n;
    const pick = (list) => list[below(list.length)];
    let arrivals = 0;
    for (let count = 0; count < 300; ++count) {
      const chosen = [...new Set(Array.from({ length: 1 + below(4) }, () => pick(below(3) ? often : names)))];
      const fields = chosen.flatMap((name) => {
        const usual = name === 'Date' ? 'Thu, 01 Jan 1970 00:00:00 GMT' : valueFor(fieldOf(name));
        const value = below(6) ? usual : pick(['', 'a, b', '"x"', ' spaced  out ', 'text/html;q=0.1, x', '${x}']);
        return below(10) ? [[name, value]] : [[name, value], [name, value]];
      });
      const covered = [...new Set([...chosen.filter(() => below(3)), ...(below(5) ? [] : [pick(names)])].map((name) => name.toLowerCase()))];
      const signature = below(2) ? [['Authorization', invented(['host', ...covered].join(';'))]]
        : [['Signature-Input', `s=(${covered.map((name) => `"${name}"`).join(' ')})`], ['Signature', 's=:AA==:']];
      const before = desk.upstream.requests.length;
      const answer = await raw(`GET /signed HTTP/1.1\r\nHost: localhost\r\n${[...fields, ...signature].map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
      const what = `${JSON.stringify(fields)} with ${covered} covered`;
      assert.ok([200, 400].includes(answer.status), what);
      assert.equal(desk.upstream.requests.length, before + (answer.status === 200 ? 1 : 0), what);
      if (answer.status !== 200) continue;
      arrivals += 1;
      const arrived = desk.upstream.last.rawHeaders.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
      for (const name of covered) {
        const of = (list) => list.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value.trim());
        if (of(fields).length > 0) assert.deepEqual(of(arrived), of(fields), `${name}: ${what}`);
      }
    }
    assert.ok(arrivals > 30, `${arrivals} arrived`);
  });

  it('is removed from the record if the upstream repeats it', async () => {
    const secrets = { header: '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7', token: 'IQoJb3JpZ2luX2VjEA/session+token==', message: 'd2UgYXJlIHRoZSBzaWduYXR1cmUgYnl0ZXM=', query: 'c'.repeat(64), session: 'session-token-of-the-query' };
    desk.upstream.answer = () => response(403, `<Error>${Object.values(secrets).join('</a><a>')}, the rest</Error>`, { 'Content-Type': 'application/xml' });
    const sends = [
      [['header', 'token', 'message'], request({ authorization: invented('host;x-amz-security-token').replace('0'.repeat(64), secrets.header), 'x-amz-security-token': secrets.token, 'signature-input': 'z=("@method")', signature: `z=:${secrets.message}:` })],
      [['query', 'session'], request({}, { target: `${presigned('host').replace('0'.repeat(64), secrets.query)}&X-Amz-Security-Token=${secrets.session}` })],
    ];
    for (const [names, made] of sends) {
      const answer = await raw(head(made));
      assert.equal(desk.upstream.last.target, made.target, 'it has reached the upstream');
      const id = answer.headers['x-request-id'];
      const event = await desk.gatehouse.eventOf(id);
      const { stdout } = await eventually(async () => {
        const why = await desk.folder.run('why', '-c', 'gatehouse.yaml', id);
        return why.stdout.includes('the rest') && why;
      }, 'the original');
      for (const name of names)
        for (const text of [stdout, JSON.stringify(event), answer.body.toString()]) assert.ok(!text.includes(secrets[name]), `${name}: ${text}`);
    }
    desk.upstream.answer = () => response(200);
  });

  it('does not count as signed without the operation\'s setting', async () => {
    const made = signed(request({ date: 'Tue, 20 Apr 2021 02:07:55 GMT', 'x-amz-date': '1', authorization: invented('host') }, { target: '/unsigned' }), ['date']);
    assert.equal((await raw(head(made))).status, 200);
    for (const name of ['signature', 'signature-input', 'date', 'x-amz-date', 'authorization']) assert.equal(desk.upstream.last.headers[name], undefined, name);
  });

  it('needs an upstream that gets the path as it was signed', async () => {
    const other = await Desk.open();
    Object.assign(other.configuration.operations.listCatalogue, { signed: true });
    other.configuration.upstreams.orders.url += '/base';
    other.writeFiles();
    const { status, stdout, stderr } = await other.folder.run('check', '-c', 'gatehouse.yaml');
    assert.equal(status, 1);
    assert.match(stdout + stderr, /listCatalogue: signed: true: the sender signs the path, and the upstream's url puts `\/base` before it/);
    Object.assign(other.configuration.operations.listCatalogue, { handler: 'x' });
    other.writeFiles();
    const again = await other.folder.run('check', '-c', 'gatehouse.yaml');
    assert.match(again.stdout + again.stderr, /listCatalogue: signed: true: only an upstream can verify the signature/);
    await other.close();
  });
});
