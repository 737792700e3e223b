// The API that most end-to-end tests stand on: an order desk with a real upstream, keys, tokens and certificates.

import { after } from 'node:test';

import { Authority } from './certificates.mjs';
import { undiciClient } from './clients.mjs';
import { Folder, Gatehouse, freePort } from './gatehouse.mjs';
import { Issuer, audience, issuerName } from './tokens.mjs';
import { Upstream } from './upstream.mjs';

const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 1, maximum: 999999 } };
const done = { 200: { description: 'Done' } };
const bearer = [{ userToken: [] }];
const keyOrBearer = [{ partnerKey: [] }, { userToken: [] }];
const json = (schema) => ({ required: true, content: { 'application/json': { schema } } });

export const order = {
  type: 'object',
  required: ['title', 'quantity'],
  properties: {
    id: { type: 'integer', readOnly: true },
    title: { type: 'string', minLength: 1, maxLength: 80 },
    quantity: { type: 'integer', minimum: 1, maximum: 1000 },
    email: { type: 'string', format: 'email' },
    status: { type: 'string', enum: ['open', 'shipped'] },
    pin: { type: 'string', format: 'password', maxLength: 20 },
    tags: { type: 'array', maxItems: 3, items: { type: 'string', maxLength: 10 } },
    extra: { type: 'object', properties: { gift: { type: 'boolean' } } },
  },
};

export function deskApi() {
  return {
    openapi: '3.1.0',
    info: { title: 'Order desk', version: '1' },
    paths: {
      '/catalogue': { get: { operationId: 'listCatalogue', security: [{}], responses: done } },
      '/orders': {
        get: {
          operationId: 'listOrders', security: keyOrBearer,
          parameters: [
            { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } },
            { name: 'status', in: 'query', schema: { type: 'string', enum: ['open', 'shipped'] }, 'x-gatehouse': { log: true } },
            { name: 'tag', in: 'query', schema: { type: 'array', maxItems: 3, items: { type: 'string', maxLength: 10 } } },
            { name: 'q', in: 'query', schema: { type: 'string', maxLength: 40 } },
            { name: 'X-Shard', in: 'header', schema: { type: 'integer', minimum: 0, maximum: 9 } },
          ],
          responses: done,
        },
        post: {
          operationId: 'createOrder', security: keyOrBearer, requestBody: json(order),
          responses: {
            201: { description: 'Created' },
            409: { description: 'Conflict', content: { 'application/json': { schema: { type: 'object', required: ['conflict'], properties: { conflict: { type: 'string', maxLength: 20 } } } } } },
          },
        },
      },
      '/orders/{id}': {
        parameters: [id],
        get: { operationId: 'getOrder', security: keyOrBearer, responses: done },
        put: { operationId: 'replaceOrder', security: bearer, requestBody: json(order), responses: done },
        delete: { operationId: 'deleteOrder', security: bearer, responses: { 204: { description: 'Gone' } } },
      },
      '/orders/export': { get: { operationId: 'exportOrders', security: bearer, responses: done } },
      '/notes': { post: { operationId: 'addNote', security: bearer, requestBody: { required: true, content: { 'text/plain': { schema: { type: 'string', maxLength: 4000 } } } }, responses: done } },
      '/forms': { post: { operationId: 'sendForm', security: bearer, requestBody: { required: true, content: { 'application/x-www-form-urlencoded': { schema: { type: 'object', required: ['name'], properties: { name: { type: 'string', maxLength: 20 }, count: { type: 'integer' } } } } } }, responses: done } },
      '/users': { get: { operationId: 'listUsers', security: bearer, responses: done } },
      '/settlements': { get: { operationId: 'listSettlements', security: [{ partnerCertificate: [] }], responses: done } },
      '/transfers': { get: { operationId: 'listTransfers', security: [{ partnerCertificate: [], userToken: [] }], responses: done } },
    },
    components: {
      securitySchemes: {
        partnerKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        userToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        partnerCertificate: { type: 'mutualTLS' },
      },
    },
  };
}

export function deskConfiguration({ https, admin, upstream }) {
  return {
    openapi: ['api.json'],
    threat_model: { exposure: 'partner', data: 'internal' },
    workers: 2,
    listen: { https: `127.0.0.1:${https}`, admin: `127.0.0.1:${admin}` },
    tls: { certificate: 'server.crt', private_key: 'file:server.key', minimum: '1.2', client_ca: 'clients.crt' },
    store: 'sqlite:state.db',
    upstreams: { orders: { url: upstream, connect_timeout: '1s', timeout: '5s' } },
    authenticators: {
      partnerKey: { type: 'api_key', prefix: 'partner:' },
      userToken: {
        type: 'jwt', issuer: issuerName, audience, jwks: 'file:keys.json',
        algorithms: ['ES256', 'EdDSA', 'RS256', 'PS256'], roles: 'claims.roles',
      },
      partnerCertificate: { type: 'mtls', prefix: 'certificate:' },
    },
    roles: {
      anonymous: ['catalogue:read'],
      authenticated: ['profile:read'],
      partner: ['orders:read', 'orders:write'],
      clerk: ['orders:read', 'orders:write', 'settlements:read'],
      admin: ['orders:*', 'users:*'],
    },
    limits: {
      per_ip: { per: 'ip', rate: '100000/s', burst: 100000 },
      per_principal: { per: 'principal', rate: '100000/s', burst: 100000 },
    },
    defaults: { limits: ['per_ip', 'per_principal'], upstream: 'orders', principal: 'userToken', body: '64KiB', timeout: '5s' },
    errors: { details: 'everyone' },
    operations: {
      listCatalogue: { permission: 'catalogue:read', public: 'prices are on the web site anyway' },
      listOrders: { permission: 'orders:read' },
      createOrder: { permission: 'orders:write' },
      getOrder: { permission: 'orders:read' },
      replaceOrder: { permission: 'orders:write', when: 'request.body.quantity <= 100 || "admin" in principal.roles' },
      deleteOrder: { permission: 'orders:delete' },
      exportOrders: { permission: 'orders:export', sensitive: 'export' },
      addNote: { permission: 'orders:write' },
      sendForm: { permission: 'orders:write' },
      listUsers: { permission: 'users:read' },
      listSettlements: { permission: 'profile:read' },
      listTransfers: { permission: 'settlements:read' },
    },
    log: [{ file: 'events.jsonl', rotate: '100MiB', keep: 2 }],
  };
}

// A test that fails half-way leaves its desk open: it must not keep the others, and the runner, from their end.
const open = new Set();
after(() => Promise.allSettled([...open].map((desk) => desk.close())));

// A desk: upstream, issuer, authority, folder, running gatehouse, and functions to talk to it.
// `change(configuration, api)` alters the files before the start; `before(desk)` runs in the folder before
// the start.
export class Desk {
  static async open({ change = () => {}, before = () => {}, environment = {}, algorithms = ['ES256'] } = {}) {
    const desk = new Desk();
    open.add(desk);
    desk.environment = environment;
    desk.folder = new Folder();
    desk.authority = new Authority(desk.folder.path);
    desk.authority.issue('server');
    desk.clients = new Authority(desk.folder.path, 'clients');
    desk.issuer = await Issuer.create(...algorithms);
    desk.upstream = await Upstream.start();
    [desk.port, desk.adminPort] = [await freePort(), await freePort()];
    desk.api = deskApi();
    desk.configuration = deskConfiguration({ https: desk.port, admin: desk.adminPort, upstream: desk.upstream.url });
    await change(desk.configuration, desk.api, desk);
    desk.writeFiles();
    await before(desk);
    await desk.start();
    desk.token = await desk.issuer.token();
    desk.bearer = { authorization: `Bearer ${desk.token}` };
    desk.client = undiciClient({ ca: desk.authority.certificate });
    return desk;
  }

  writeFiles() {
    this.folder.write('keys.json', this.issuer.jwks);
    this.folder.write('api.json', this.api);
    this.folder.write('gatehouse.yaml', this.configuration);
  }

  async start() {
    this.gatehouse = await Gatehouse.start(this.folder, this.port, {
      adminPort: this.configuration.listen?.admin && this.adminPort,
      environment: { SSL_CERT_FILE: `${this.folder.path}/ca.crt`, ...this.environment },
    });
  }

  get url() {
    return `https://127.0.0.1:${this.port}`;
  }

  get tls() {
    return { ca: this.authority.certificate };
  }

  send(method, target, { headers = this.bearer, body, client = this.client } = {}) {
    return client.send(method, this.url + target, { headers, body });
  }

  get(target, headers = this.bearer) {
    return this.send('GET', target, { headers });
  }

  post(target, value, headers = {}) {
    const body = typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value);
    return this.send('POST', target, { headers: { ...this.bearer, 'content-type': 'application/json', ...headers }, body });
  }

  async bearerOf(claims, options) {
    return { authorization: `Bearer ${await this.issuer.token(claims, options)}` };
  }

  // An API key made with the command line: {id, key}.
  async createKey(principal = 'partner:acme', roles = ['partner'], ...more) {
    const made = await this.folder.run('key', 'create', '-c', 'gatehouse.yaml', '--principal', principal,
      ...roles.flatMap((role) => ['--role', role]), '--json', ...more);
    if (made.status !== 0) throw new Error(`key create: ${made.stderr}`);
    return JSON.parse(made.stdout);
  }

  async close() {
    open.delete(this);
    this.client?.close();
    try {
      await this.gatehouse?.stop();
    } finally {
      await this.upstream?.close();
      this.folder.remove();
    }
  }
}
