// Documents of the common generators, by name: each goes through `init`, has its marks answered, starts, takes a request as
// the framework's clients send it, and refuses one that the document does not allow. generators/ has the documents:
// FastAPI's, NestJS's and Redocly's were made by the programs themselves from the sources beside them; those of springdoc,
// Swashbuckle, drf-spectacular and go-swagger were written by hand in their style, because the programs cannot run here.
// Rooms: app openapi policy schema

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { answered } from '../conformance/support/answered.mjs';
import { Authority, Folder, Gatehouse, Issuer, Upstream, freePort, undiciClient, unlessBuilt } from './harness.mjs';

const uuid = '0b5c2f4e-6d1f-4a58-9d55-0f7c3e1a2b3c';
const form = (body) => ({ body, type: 'application/x-www-form-urlencoded' });
const owner = { firstName: 'Ann', lastName: 'Lee', telephone: '6085551023', attributes: {} };

// Each: [method, target, status, body]. A body that is not a text is JSON.
const documents = {
  fastapi: { token: true, requests: [
    ['POST', '/token', 200, form('grant_type=password&username=ann&password=x&scope='), 'anonymous'],
    ['POST', '/items/', 200, { name: 'Foo', price: 35.4, tags: ['a'], weights: { a: 1.5 }, images: [{ url: 'https://a.example/b.png', name: 'b' }], pair: [1, 2] }],
    ['POST', '/items/', 400, { name: 'Foo', price: 0 }],
    ['GET', '/items/?q=blue%20pens&tag=a&tag=b&limit=100', 200],
    ['GET', '/items/?limit=101', 400],
    ['PUT', `/items/${uuid}`, 200, { item: { name: 'Foo', price: 1 }, node: { value: 1, children: [{ value: 2, children: [] }] } }],
    ['PUT', `/items/${uuid}`, 400, { item: { name: 'Foo', price: 1, admin: true }, node: { value: 1 } }],
    ['POST', '/notes/car', 200, form('text=hello&times=2')],
    ['POST', '/files/', 415, { body: '--a--', type: 'multipart/form-data; boundary=a' }],
    ['GET', '/items/', 401, undefined, 'anonymous'],
  ] },
  nestjs: { token: true, requests: [
    ['GET', '/', 200, undefined, 'anonymous'],
    ['GET', '/cats?status=draft&ids=1&ids=2', 200],
    ['GET', '/cats?status=lost', 400],
    ['POST', '/cats', 200, { name: 'Tom', status: 'sold', tags: [{ name: 'a', parent: { name: 'b' } }], whiskers: { count: 12 }, labels: { a: 'b' }, note: null, born: '2020-01-31T10:00:00.000Z' }],
    ['POST', '/cats', 400, { name: 'Tom', status: 'sold', id: 7, owner: 'ann' }],
    ['PUT', '/cats/7', 200, { age: 3 }],
    ['DELETE', '/cats/7', 200],
    ['POST', '/cats/7/photo', 415, { body: '--a--', type: 'multipart/form-data; boundary=a' }],
    ['GET', '/cats', 401, undefined, 'anonymous'],
  ] },
  springdoc: { key: 'X-API-Key', requests: [
    ['GET', '/api/owners?lastName=Lee&page=0&size=20&sort=lastName,asc&sort=id', 200],
    ['GET', '/api/owners', 200],
    ['GET', '/api/owners?page=0&page=1', 400],
    ['GET', '/api/owners?sort[0]=id', 400],
    ['POST', '/api/owners', 200, owner],
    ['POST', '/api/owners', 400, { ...owner, role: 'admin' }],
    ['POST', '/api/owners/1/pets', 200, { kind: 'cat', name: 'Tom', lives: 9 }],
    ['POST', '/api/owners/1/pets', 400, { kind: 'cat', name: 'Tom', bark: true }],
    ['POST', '/api/owners/1/photo', 415, { body: '--a--', type: 'multipart/form-data; boundary=a' }],
    ['GET', '/api/owners', 401, undefined, 'anonymous'],
  ] },
  swashbuckle: { key: 'Authorization', requests: [
    ['GET', '/api/Todo?Filter.Status=1&Ids=1&Ids=2&api-version=1.0', 200],
    ['GET', '/api/Todo?Filter.Status=7', 400],
    ['POST', '/api/Todo', 200, { name: 'a', isComplete: false, due: '2026-01-31T10:00:00Z', status: 2, parent: { name: 'b' } }],
    ['POST', '/api/Todo', 200, { body: '{"name":"a"}', type: 'application/merge-patch+json' }],
    ['POST', '/api/Todo', 400, { body: '{"name":1}', type: 'text/json' }],
    ['DELETE', `/api/Todo/${uuid}`, 200],
    ['GET', '/WeatherForecast', 401, undefined, 'anonymous'],
  ] },
  'drf-spectacular': { key: 'Basic', requests: [
    ['GET', '/api/books/?limit=10&genre=poetry&id__in=1,2&ordering=-title', 200],
    ['GET', '/api/books/?genre=prose', 400],
    ['POST', '/api/books/', 200, { title: 'Odes', genre: '', price: '9.50', pages: null, isbn: '978-3-16' }],
    ['POST', '/api/books/', 200, form('title=Odes&genre=poetry')],
    ['POST', '/api/books/', 400, { title: 'Odes', price: '9.505' }],
    ['PATCH', '/api/books/7/', 200, { pages: 12 }],
    ['GET', '/api/schema/?format=json', 200, undefined, 'anonymous'],
    ['GET', '/api/books/', 401, undefined, 'anonymous'],
  ] },
  'go-swagger': { key: 'KEY', requests: [
    ['GET', '/v2/pets?tags=a,b&limit=99', 200],
    ['GET', '/v2/pets?limit=100', 400],
    ['POST', '/v2/pets', 200, { id: 7, name: 'Tom', category: { id: 1 }, photoUrls: ['a.png'], birthday: '2020-01-31' }],
    ['POST', '/v2/pets', 400, { id: 7, name: 'Tom', photoUrls: ['a.gif'] }],
    ['POST', '/v2/pets/7', 200, form('name=Tom')],
    ['DELETE', '/v2/pets/x', 400],
    ['GET', '/v2/pets', 401, undefined, 'anonymous'],
  ] },
  redocly: { key: 'Basic', requests: [
    ['GET', '/museum/special-events?startDate=2026-01-31&limit=30', 200],
    ['GET', '/museum/special-events?limit=31', 400],
    ['POST', '/museum/special-events', 200, { name: 'Mermaid Treasure', location: 'Under the sea', dates: ['2026-09-05'], price: 25 }],
    ['PATCH', `/museum/special-events/${uuid}`, 200, { price: null }],
    ['POST', '/museum/tickets', 200, { email: 'ann@example.com', ticketType: 'event', ticketDate: '2026-09-07', eventId: uuid }],
    ['POST', '/museum/tickets', 400, { email: 'ann@example.com', ticketType: 'general', ticketDate: '2026-09-07', eventId: uuid }],
    ['GET', '/museum/special-events', 401, undefined, 'anonymous'],
  ] },
};

// The owner's answers: where nothing states the security, a key; and the roles of tokens, which `init` gives as a comment.
function decided(text, hasSchemes) {
  const secured = hasSchemes ? text : text.replace(/^ *# DECIDE: public in the document.*\n/gm, '').replace('defaults: {', 'defaults: {security: [{partnerKey: []}], ').replace('  anonymous: [', '  writer: [');
  return answered(secured).replace(/# (roles: claims\.roles)/g, '$1');
}

const documentOf = (name) => fileURLToPath(new URL(`generators/${name}.json`, import.meta.url));

describe('a document of', unlessBuilt, () => {
  for (const [name, { token, key, requests }] of Object.entries(documents)) {
    it(`${name} starts with what init writes, and takes its requests`, async () => {
      const folder = new Folder();
      const authority = new Authority(folder.path);
      authority.issue('server');
      const issuer = await Issuer.create();
      folder.write('keys.json', issuer.jwks);
      folder.write('api.json', readFileSync(documentOf(name), 'utf8'));
      const upstream = await Upstream.start();
      const [https, admin] = [await freePort(), await freePort()];
      let gatehouse;
      const client = undiciClient({ ca: authority.certificate });
      try {
        const made = await folder.run('init', '--openapi', 'api.json', '--upstream', upstream.url, '-o', '-');
        assert.equal(made.status, 0, made.stderr);
        const schemes = JSON.parse(folder.read('api.json')).components.securitySchemes;
        const text = decided(made.stdout, schemes !== undefined)
          .replace('0.0.0.0:8443', `127.0.0.1:${https}`).replace('127.0.0.1:9443', `127.0.0.1:${admin}`);
        folder.write('gatehouse.yaml', text);
        const checked = await folder.run('check', '-c', 'gatehouse.yaml');
        assert.equal(checked.status, 0, `${checked.stderr}\n${text}`);
        gatehouse = await Gatehouse.start(folder, https, { adminPort: admin });

        const roles = [...text.matchAll(/^ {2}(reader|writer|administrator): \[/gm)].map(([, role]) => role);
        let credential;
        if (token) {
          const [iss, aud] = ['issuer', 'audience'].map((claim) => new RegExp(`^ +${claim}: "?([^"\n]*)"?$`, 'm').exec(text)[1]);
          credential = { authorization: `Bearer ${await issuer.token({ iss, aud, roles })}` };
        } else {
          const { stdout, stderr } = await folder.run('key', 'create', '-c', 'gatehouse.yaml', '--principal', 'partner:acme', ...roles.flatMap((role) => ['--role', role]), ...(key === 'Basic' ? ['--authenticator', Object.keys(schemes).find((one) => schemes[one].scheme === 'basic')] : []), '--json');
          assert.equal(stderr, '');
          const secret = JSON.parse(stdout).key;
          credential = key === 'Basic' ? { authorization: `Basic ${Buffer.from(`partner:acme:${secret}`).toString('base64')}` } : { [key]: key === 'Authorization' ? `Bearer ${secret}` : secret };
        }
        for (const [method, target, status, sent, caller] of requests) {
          const arrived = upstream.requests.length;
          const { body, type } = sent?.type ? sent : { body: sent && JSON.stringify(sent), type: 'application/json' };
          const headers = { ...(caller === 'anonymous' ? {} : credential), ...(body === undefined ? {} : { 'content-type': type }) };
          const answer = await client.send(method, `https://127.0.0.1:${https}${target}`, { headers, body });
          assert.equal(answer.status, status, `${method} ${target} ${body ?? ''}: ${answer.body}\n${gatehouse.output.slice(-1500)}`);
          assert.equal(upstream.requests.length - arrived, status === 200 ? 1 : 0, `${method} ${target}`);
          if (status === 200) assert.deepEqual([upstream.last.method, upstream.last.target], [method, target]);
        }
      } finally {
        client.close();
        await gatehouse?.stop();
        await upstream.close();
        folder.remove();
      }
    });
  }

  it('go-swagger is Swagger 2.0, and is refused with the name of a converter', async () => {
    const folder = new Folder();
    const { status, stderr } = await folder.run('init', '--openapi', documentOf('go-swagger.swagger'), '--upstream', 'http://127.0.0.1:3000', '-o', '-');
    folder.remove();
    assert.equal(status, 1);
    assert.match(stderr, /is OpenAPI 2\.0; convert the document to OpenAPI 3, for example with `npx swagger2openapi`/);
  });
});
