// The input of a caller: parameters and bodies against their schemas, and JSON of one meaning only.
// Rooms: json openapi schema

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, assertRefused, unlessBuilt } from './harness.mjs';

const invalid = (reason) => ({ status: 400, error: 'invalid_request', reason, stage: 'validate' });
const good = { title: 'pen', quantity: 1 };

describe('bodies', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  const refused = async (body, reason, headers) => {
    const arrived = desk.upstream.requests.length;
    const answer = await desk.post('/orders', body, headers);
    await assertRefused(desk.gatehouse, answer, invalid(reason));
    assert.equal(desk.upstream.requests.length, arrived);
    return answer;
  };

  it('that were accepted go on with the same bytes', async () => {
    for (const body of [
      '{"title":"pen","quantity":1}', ' {\n\t"quantity" : 1.0e0 ,"title":"p\\u00e9n\\/" }\n', '{"quantity":1E2,"title":"\u{1f58a} ink"}', '{"title":"\\ud83d\\ude00","quantity":10}',
    ]) {
      const answer = await desk.post('/orders', body);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(desk.upstream.last.body.toString(), body);
      assert.equal(desk.upstream.last.headers['content-type'], 'application/json');
    }
  });

  for (const [what, value, at, rule] of [
    ['a member that nobody declared', { ...good, admin: true }, '', 'additionalProperties'],
    ['an undeclared member further in', { ...good, extra: { gift: true, x: 1 } }, '/extra', 'additionalProperties'],
    ['a member that is the server’s to write', { ...good, id: 7 }, '/id', 'readOnly'],
    ['a missing member', { title: 'pen' }, '', 'required'],
    ['text for a number', { ...good, quantity: '1' }, '/quantity', 'type'],
    ['a number for text', { ...good, title: 1 }, '/title', 'type'],
    ['null', { ...good, title: null }, '/title', 'type'],
    ['half a number', { ...good, quantity: 1.5 }, '/quantity', 'type'],
    ['too much', { ...good, quantity: 1001 }, '/quantity', 'maximum'],
    ['too little', { ...good, quantity: 0 }, '/quantity', 'minimum'],
    ['text that is too long', { ...good, title: 'x'.repeat(81) }, '/title', 'maxLength'],
    ['empty text', { ...good, title: '' }, '/title', 'minLength'],
    ['a bad address', { ...good, email: 'ann@' }, '/email', 'format'],
    ['a value outside the list', { ...good, status: 'OPEN' }, '/status', 'enum'],
    ['too many items', { ...good, tags: ['a', 'b', 'c', 'd'] }, '/tags', 'maxItems'],
    ['a wrong item', { ...good, tags: ['a', 7] }, '/tags/1', 'type'],
    ['an array for an object', [good], '', 'type'],
    ['a prototype', JSON.parse('{"title":"pen","quantity":1,"__proto__":{"admin":true}}'), '', 'additionalProperties'],
  ]) {
    it(`are refused with ${what}`, async () => {
      const answer = await refused(value, 'body_invalid');
      const details = answer.json().details;
      assert.ok(details.some((finding) => finding.in === 'body' && finding.at.startsWith(at) && finding.rule === rule), answer.text);
    });
  }

  it('are refused with at most ten findings, and none has a value in it', async () => {
    const answer = await refused({ title: 'sEcReT'.repeat(40), quantity: 's3cr3t', tags: Array(20).fill('sEcReTsEcReT'), email: 'sEcReT' }, 'body_invalid');
    assert.ok(answer.json().details.length <= 10);
    assert.doesNotMatch(answer.text, /s[3e]cr[3e]t/i);
  });

  for (const [what, text] of Object.entries({
    'a name that comes twice': '{"title":"a","title":"b","quantity":1}',
    'a name that comes twice in other escapes': '{"title":"a","t\\u0069tle":"b","quantity":1}',
    'a lone surrogate': '{"title":"\\ud800","quantity":1}',
    'a surrogate pair the wrong way round': '{"title":"\\ude00\\ud83d","quantity":1}',
    'bytes behind the end': '{"title":"a","quantity":1}{}',
    'a trailing comma': '{"title":"a","quantity":1,}',
    'a comment': '{"title":"a",/**/"quantity":1}',
    'single quotes': "{'title':'a','quantity':1}",
    'NaN': '{"title":"a","quantity":NaN}',
    'a leading zero': '{"title":"a","quantity":01}',
    'a plus sign': '{"title":"a","quantity":+1}',
    'a control character': '{"title":"a\u0001","quantity":1}',
    'half of it': '{"title":"a","quan',
    'a byte-order mark': '\ufeff{"title":"a","quantity":1}',
    'too many levels': `{"title":"a","quantity":1,"extra":${'['.repeat(5000)}${']'.repeat(5000)}}`,
  })) {
    it(`are refused with ${what}`, async () => refused(text, 'body_malformed'));
  }

  it('are refused when they are no UTF-8', async () => {
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
      await refused(Buffer.concat([Buffer.from('{"title":"'), Buffer.from(bytes), Buffer.from('","quantity":1}')]), 'body_malformed');
    }
  });

  it('are needed where they are required', async () => {
    await assertRefused(desk.gatehouse, await desk.send('POST', '/orders', { headers: { ...desk.bearer, 'content-type': 'application/json' } }), invalid('body_missing'));
  });

  it('are not taken where none is declared', async () => {
    const answer = await desk.send('DELETE', '/orders/1', { headers: { ...(await desk.bearerOf({ roles: ['admin'] })), 'content-type': 'application/json' }, body: '{}' });
    await assertRefused(desk.gatehouse, answer, invalid('body_unexpected'));
  });

  it('of an undeclared type are refused', async () => {
    for (const type of ['text/plain', 'application/xml', 'application/json5', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a', 'json', '']) {
      const answer = await desk.post('/orders', good, { 'content-type': type });
      await assertRefused(desk.gatehouse, answer, { status: 415, error: 'unsupported_media_type', reason: 'media_type_unsupported' });
    }
  });

  it('of the declared type are taken in any spelling of it', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset="UTF-8"']) {
      assert.equal((await desk.post('/orders', good, { 'content-type': type })).status, 200, type);
    }
  });

  it('in another character set or coding are refused', async () => {
    assert.notEqual((await desk.post('/orders', good, { 'content-type': 'application/json; charset=utf-16' })).status, 200);
    assert.notEqual((await desk.post('/orders', good, { 'content-encoding': 'gzip' })).status, 200);
  });

  it('that are too large are refused, announced or not', async () => {
    const large = { status: 413, error: 'too_large', reason: 'body_too_large' };
    const body = JSON.stringify({ ...good, title: 'x'.repeat(70_000) });
    await assertRefused(desk.gatehouse, await desk.post('/orders', body), large);
    async function* pieces() {
      for (let at = 0; at < body.length; at += 8192) yield Buffer.from(body.slice(at, at + 8192));
    }
    const answer = await desk.send('POST', '/orders', { headers: { ...desk.bearer, 'content-type': 'application/json' }, body: pieces() }).catch((error) => error);
    if (!(answer instanceof Error)) assert.equal(answer.status, 413);
  });

  it('in chunks arrive whole', async () => {
    async function* pieces() {
      yield '{"title":"pen",';
      yield '"quantity":1}';
    }
    assert.equal((await desk.send('POST', '/orders', { headers: { ...desk.bearer, 'content-type': 'application/json' }, body: pieces() })).status, 200);
    assert.equal(desk.upstream.last.body.toString(), '{"title":"pen","quantity":1}');
  });

  it('of text and of forms are checked too', async () => {
    const send = (target, type, body) => desk.send('POST', target, { headers: { ...desk.bearer, 'content-type': type }, body });
    assert.equal((await send('/notes', 'text/plain', 'any "text" {')).status, 200);
    assert.equal((await send('/notes', 'text/plain', 'x'.repeat(4001))).status, 400);
    const form = 'application/x-www-form-urlencoded';
    assert.equal((await send('/forms', form, 'name=Ann+B%C3%A9&count=3')).status, 200);
    assert.equal(desk.upstream.last.body.toString(), 'name=Ann+B%C3%A9&count=3');
    for (const body of ['name=a&other=1', 'count=3', 'name=a&count=x', 'name=a&name=b', 'name=%zz', 'name=%ff', `name=${'x'.repeat(21)}`]) {
      assert.equal((await send('/forms', form, body)).status, 400, body);
    }
  });
});

describe('parameters', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  for (const query of ['', '?limit=1', '?limit=100&status=open', '?tag=a&tag=b', '?q=a%20b%26c', '?q=', '?q=%E2%82%AC']) {
    it(`are accepted and go on unchanged: ${query}`, async () => {
      const answer = await desk.get(`/orders${query}`);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(desk.upstream.last.target, `/orders${query}`);
    });
  }

  for (const query of [
    '?limit=0', '?limit=101', '?limit=1x', '?limit=01', '?limit=+1', '?limit=1.0', '?limit=1e1', '?limit=', '?limit', '?limit=1&limit=2', '?limit=%31%30%30%30', '?status=OPEN',
    '?status=open&status=open', '?tag=a&tag=b&tag=c&tag=d', '?other=1', '?Limit=1', '?limit[]=1', '?q=%ff', '?q=%00', `?q=${'x'.repeat(41)}`, '?tag=abcdefghijk', '?&admin=1', '?%6cimit=0',
  ]) {
    it(`are refused: ${query.slice(0, 40)}`, async () => {
      await assertRefused(desk.gatehouse, await desk.get(`/orders${query}`), invalid('parameters_invalid'));
    });
  }

  for (const id of ['0', '1000000', '-1', '1.5', 'abc', '1%20', '0x1', '1,2', "1'--", '99999999999999999999999']) {
    it(`in the path are refused: ${id}`, async () => {
      await assertRefused(desk.gatehouse, await desk.get(`/orders/${id}`), invalid('parameters_invalid'));
    });
  }

  it('in header fields are checked', async () => {
    assert.equal((await desk.get('/orders', { ...desk.bearer, 'x-shard': '9' })).status, 200);
    await assertRefused(desk.gatehouse, await desk.get('/orders', { ...desk.bearer, 'x-shard': '10' }), invalid('parameters_invalid'));
  });

  it('that are lists have no encoded delimiter, and free names of forms mean no declared one', async () => {
    const other = await Desk.open({ change: (configuration, api) => {
      const list = { type: 'array', maxItems: 2, items: { type: 'string', maxLength: 20 } };
      api.paths['/orders'].get.parameters.push({ name: 'ids', in: 'query', explode: false, schema: list }, { name: 'piped', in: 'query', style: 'pipeDelimited', schema: list },
        { name: 'o', in: 'query', explode: false, schema: { type: 'object', additionalProperties: { type: 'string', maxLength: 20 } } });
      api.paths['/forms'].post.requestBody.content['application/x-www-form-urlencoded'].schema = { type: 'object', properties: { a_b: { enum: ['good'] } }, additionalProperties: { type: 'string', maxLength: 20 } };
    } });
    for (const query of ['ids=a,b', 'piped=a%7Cb', 'piped=a,b', 'o=x,1,y,2', 'q=a%2Cb']) assert.equal((await other.get(`/orders?${query}`)).status, 200, query);
    for (const [query, at] of [['ids=a%2Cb%2Cc', '/ids'], ['ids=a,b%2cc', '/ids'], ['o=x,1%2Crole%2Cadmin', '/o'], ['o=x%2C1,2', '/o']]) {
      const answer = await other.get(`/orders?${query}`);
      await assertRefused(other.gatehouse, answer, invalid('parameters_invalid'));
      assert.deepEqual(answer.json().details, [{ in: 'query', at, rule: 'ambiguous' }], query);
    }
    const post = (body) => other.send('POST', '/forms', { headers: { ...other.bearer, 'content-type': 'application/x-www-form-urlencoded' }, body });
    assert.equal((await post('a_b=good&c.d=1')).status, 200);
    for (const name of ['a.b', 'a%20b', 'a+b', 'a[b', '%20a_b', 'a_b[]', 'a_b%5Bx%5D', 'A_B', '[a_b]', 'a%255Fb', '%2561_b', '%25%36%31_b', 'x%26a_b']) {
      const answer = await post(`a_b=good&${name}=evil`);
      await assertRefused(other.gatehouse, answer, invalid('body_invalid'));
      assert.equal(answer.json().details[0].rule, 'alias', name);
    }
    await other.close();
  });

  // Spring splits the only value of a `List<String>` at its commas: a condition would read another list.
  it('that are exploded lists of one item have no comma where a condition reads them', async () => {
    const change = (configuration, api) => {
      api.paths['/forms'].post.requestBody.content['application/x-www-form-urlencoded'].schema = { type: 'object', properties: { role: { type: 'array', maxItems: 3, items: { type: 'string', maxLength: 20 } } } };
      configuration.operations.listOrders.when = '!has(request.query.tag) || !("admin" in request.query.tag)';
      configuration.operations.sendForm.when = '!("admin" in request.body.role)';
    };
    const post = (other, body) => other.send('POST', '/forms', { headers: { ...other.bearer, 'content-type': 'application/x-www-form-urlencoded' }, body });
    const other = await Desk.open({ change });
    for (const [tag, status] of [['tag=a', 200], ['tag=a&tag=b', 200], ['tag=a,b&tag=c', 200], ['tag=admin', 403], ['tag=a,admin', 400], ['tag=a%2Cadmin', 400], ['tag=,', 400]]) {
      const answer = await other.get(`/orders?${tag}`);
      assert.equal(answer.status, status, tag);
      if (status === 400) assert.deepEqual(answer.json().details, [{ in: 'query', at: '/tag', rule: 'ambiguous' }], tag);
      const form = await post(other, tag.replaceAll('tag', 'role'));
      assert.equal(form.status, status, tag);
      if (status === 400) assert.deepEqual(form.json().details, [{ in: 'body', at: '/role', rule: 'ambiguous' }], tag);
    }
    await other.close();
    const exact = await Desk.open({ change: (configuration, api) => {
      change(configuration, api);
      configuration.routing = { reading: 'exact' };
    } });
    assert.equal((await exact.get('/orders?tag=a,b')).status, 200, 'as the configuration says');
    assert.equal((await post(exact, 'role=a,b')).status, 200);
    await exact.close();
  });

  it('name the place and the rule, for callers that may see details', async () => {
    const { details } = (await desk.get('/orders?limit=0')).json();
    assert.deepEqual(details, [{ in: 'query', at: '/limit', rule: 'minimum' }]);
  });
});

describe('a raw plus', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open({
    change: (configuration) => {
      configuration.defaults.plus = 'space';
      configuration.operations.listOrders.when = 'request.query.q == "blue pen+ink"';
    },
  })));
  after(() => desk?.close());

  it('is a space, as in forms, if the configuration says so; and is forwarded as sent', async () => {
    const target = `/orders?${new URLSearchParams({ q: 'blue pen+ink' })}`;
    assert.equal(target, '/orders?q=blue+pen%2Bink');
    for (const way of [target, '/orders?q=blue%20pen%2Bink']) {
      assert.equal((await desk.get(way)).status, 200, way);
      assert.equal(desk.upstream.last.target, way);
    }
    for (const other of ['/orders?q=blue+pen+ink', '/orders?q=blue%2Bpen%2Bink']) {
      assert.equal((await desk.get(other)).status, 403, other);
    }
  });
});

describe('details', unlessBuilt, () => {
  it('are for proven principals only, unless the configuration shows them to everyone', async () => {
    const desk = await Desk.open({ change: (configuration, api) => {
      delete configuration.errors;
      api.paths['/catalogue'].get.parameters = [{ name: 'page', in: 'query', schema: { type: 'integer' } }];
    } });
    assert.equal((await desk.get('/catalogue?page=x', {})).json().details, undefined);
    assert.ok((await desk.get('/orders?limit=0')).json().details.length);
    await desk.close();
  });

  it('say of a body that it is missing, of which type it may be, and what is not JSON', async () => {
    const desk = await Desk.open();
    const asked = async (more, body) => {
      const answer = await desk.send('POST', '/orders', { headers: { ...desk.bearer, ...more }, body });
      return [answer.status, answer.json().details, answer.headers.accept];
    };
    const json = { 'content-type': 'application/json' };
    assert.deepEqual(await asked({}, ''), [400, [{ in: 'body', at: '', rule: 'required' }], undefined]);
    assert.deepEqual(await asked({}, '{}'), [415, [{ in: 'header', at: '/Content-Type', rule: 'required' }], 'application/json']);
    assert.deepEqual(await asked({ 'content-type': 'text/csv' }, 'a,b'), [415, [{ in: 'header', at: '/Content-Type', rule: 'enum' }], 'application/json']);
    assert.deepEqual(await asked({ 'content-type': 'json' }, '{}'), [415, [{ in: 'header', at: '/Content-Type', rule: 'format' }], 'application/json']);
    assert.deepEqual(await asked({ 'content-type': 'application/json; charset=latin1' }, '{}'),
      [415, [{ in: 'header', at: '/Content-Type', rule: 'charset' }], 'application/json']);
    assert.deepEqual(await asked(json, '{'), [400, [{ in: 'body', at: '', rule: 'json' }], undefined]);
    await desk.close();
  });

  it('come as a problem document to whom asks for one', async () => {
    const desk = await Desk.open();
    const answer = await desk.get('/orders?limit=0', { ...desk.bearer, accept: 'application/problem+json' });
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    const body = answer.json();
    assert.equal(body.status, 400);
    assert.equal(body.error, 'invalid_request');
    await desk.close();
  });
});
