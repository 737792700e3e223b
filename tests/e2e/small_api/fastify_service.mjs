// The small API as Fastify serves it. Prints `port N`; /openapi.json, which @fastify/swagger makes of the routes' schemas, made fastify.json.
import swagger from '@fastify/swagger';
import Fastify from 'fastify';

const app = Fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array' } } });
const kept = new Map();
const files = new Map();

await app.register(swagger, { openapi: {
  openapi: '3.0.3', info: { title: 'Tasks', version: '1.0.0' },
  components: { securitySchemes: { apiKey: { type: 'apiKey', name: 'X-API-Key', in: 'header' } } },
} });
app.addSchema({ $id: 'Task', type: 'object', required: ['id', 'title', 'done', 'owner'], properties: {
  id: { type: 'integer' }, title: { type: 'string' }, due: { type: 'string', format: 'date-time', nullable: true }, priority: { type: 'string' },
  tags: { type: 'array', items: { type: 'string' } }, labels: { type: 'object', additionalProperties: { type: 'string' } },
  extra: { type: 'object', additionalProperties: true }, done: { type: 'boolean' }, owner: { type: 'string' },
} });
const task = { $ref: 'Task#' };
const security = [{ apiKey: [] }];
const one = { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } };
const missing = { type: 'object', properties: { statusCode: { type: 'number' }, error: { type: 'string' }, message: { type: 'string' } } };
const found = (id) => kept.get(id) ?? (() => { throw Object.assign(new Error('Task not found'), { statusCode: 404 }); })();

app.addContentTypeParser('multipart/form-data', { parseAs: 'buffer' }, (_, body, done) => done(null, body));

app.get('/health', { schema: { response: { 200: { type: 'object', properties: { status: { type: 'string' } } } } } }, () => ({ status: 'ok' }));

app.register(async (tasks) => {
  tasks.get('/', { schema: { tags: ['tasks'], security, querystring: { type: 'object', properties: {
    page: { type: 'integer', minimum: 1, default: 1 }, pageSize: { type: 'integer', minimum: 1, maximum: 100, default: 20 }, sort: { type: 'string', enum: ['title', '-id'] },
  } }, response: { 200: { type: 'array', items: task } } } }, ({ query: { page, pageSize, sort } }) => (
    [...kept.values()].sort((a, b) => (sort === 'title' ? a.title.localeCompare(b.title) : b.id - a.id)).slice((page - 1) * pageSize, page * pageSize)));

  tasks.post('/', { schema: { tags: ['tasks'], security, body: { type: 'object', required: ['title'], additionalProperties: false, properties: {
    title: { type: 'string', minLength: 1, maxLength: 100 }, due: { type: 'string', format: 'date-time', nullable: true }, priority: { type: 'string', enum: ['low', 'normal', 'high'], default: 'normal' },
    tags: { type: 'array', items: { type: 'string' }, default: [] }, labels: { type: 'object', additionalProperties: { type: 'string' } }, extra: { type: 'object', additionalProperties: true },
  } }, response: { 201: task } } }, (request, reply) => {
    const made = { ...request.body, id: kept.size + 1, done: false, owner: request.headers['gatehouse-principal'] };
    kept.set(made.id, made);
    return reply.code(201).send(made);
  });

  tasks.get('/search', { schema: { tags: ['tasks'], security, querystring: { type: 'object', required: ['q'], properties: {
    q: { type: 'string', minLength: 1, maxLength: 50 }, tag: { type: 'array', items: { type: 'string' }, default: [] }, done: { type: 'boolean' },
  } }, response: { 200: { type: 'array', items: task } } } }, ({ query: { q, tag, done } }) => (
    [...kept.values()].filter((each) => each.title.includes(q) && tag.every((name) => each.tags.includes(name)) && (done === undefined || done === each.done))));

  tasks.get('/:id', { schema: { tags: ['tasks'], security, params: one, response: { 200: task, 404: missing } } }, ({ params }) => found(params.id));

  tasks.patch('/:id', { schema: { tags: ['tasks'], security, params: one, body: { type: 'object', additionalProperties: false, properties: {
    title: { type: 'string', minLength: 1, maxLength: 100 }, done: { type: 'boolean' }, due: { type: 'string', format: 'date-time', nullable: true },
  } }, response: { 200: task, 404: missing } } }, ({ params, body }) => Object.assign(found(params.id), body));

  tasks.delete('/:id', { schema: { tags: ['tasks'], security, params: one, response: { 204: { type: 'null', description: 'No Content' }, 404: missing } } }, ({ params }, reply) => {
    kept.delete(found(params.id).id);
    reply.code(204).send();
  });

  tasks.post('/:id/attachment', { schema: { tags: ['tasks'], security, consumes: ['multipart/form-data'], params: one, body: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary' } } } }, validatorCompiler: () => () => true }, ({ params, body }, reply) => {
    files.set(found(params.id).id, body);
    reply.code(201).send();
  });

  tasks.get('/:id/attachment', { schema: { tags: ['tasks'], security, produces: ['application/octet-stream'], params: one, response: { 200: { type: 'string', format: 'binary' } } }, serializerCompiler: () => (bytes) => bytes }, ({ params }, reply) => {
    reply.type('application/octet-stream').send(files.get(found(params.id).id) ?? Buffer.from('\0nothing yet\xff', 'latin1'));
  });
}, { prefix: '/tasks' });

app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`port ${app.server.address().port}`);
