// The small API as Express serves it. Prints `port N`; /openapi.json, which swagger-jsdoc makes of the comments, made swagger_jsdoc.json.
import { fileURLToPath } from 'node:url';

import express from 'express';
import swaggerJsdoc from 'swagger-jsdoc';

/**
 * @openapi
 * components:
 *   securitySchemes:
 *     bearerAuth: {type: http, scheme: bearer, bearerFormat: JWT}
 *   schemas:
 *     Task:
 *       type: object
 *       required: [title]
 *       properties:
 *         id: {type: integer, readOnly: true, description: The auto-generated id of the task}
 *         title: {type: string}
 *         due: {type: string, format: date-time, nullable: true}
 *         priority: {type: string, enum: [low, normal, high], default: normal}
 *         tags: {type: array, items: {type: string}}
 *         labels: {type: object, additionalProperties: {type: string}}
 *         extra: {type: object}
 *         done: {type: boolean}
 *         owner: {type: string, readOnly: true}
 *       example: {id: 1, title: Buy milk, priority: high}
 * tags:
 *   - name: Tasks
 *     description: The tasks managing API
 */
const app = express();
const tasks = express.Router();
const kept = new Map();
const files = new Map();
const found = (request, response) => {
  const task = kept.get(Number(request.params.id));
  if (!task) response.status(404).json({ message: 'Task not found' });
  return task;
};

/**
 * @openapi
 * /health:
 *   get:
 *     summary: Health check
 *     responses:
 *       200: {description: OK}
 */
app.get(['/health', '/v1/health'], (_, response) => response.json({ status: 'ok' }));

/**
 * @openapi
 * /tasks:
 *   get:
 *     summary: Lists the tasks
 *     tags: [Tasks]
 *     security: [{bearerAuth: []}]
 *     parameters:
 *       - {in: query, name: page, schema: {type: integer, default: 1}}
 *       - {in: query, name: limit, schema: {type: integer, default: 20}}
 *       - {in: query, name: sort, schema: {type: string}, description: 'A member, with `-` before it in descending order'}
 *     responses:
 *       200:
 *         description: The list of the tasks
 *         content:
 *           application/json:
 *             schema: {type: array, items: {$ref: '#/components/schemas/Task'}}
 *   post:
 *     summary: Create a new task
 *     tags: [Tasks]
 *     security: [{bearerAuth: []}]
 *     requestBody:
 *       required: true
 *       content:
 *         application/json:
 *           schema: {$ref: '#/components/schemas/Task'}
 *     responses:
 *       201:
 *         description: The created task
 *         content:
 *           application/json:
 *             schema: {$ref: '#/components/schemas/Task'}
 *       500: {description: Some server error}
 */
tasks.get('/', ({ query: { page = 1, limit = 20, sort } }, response) => {
  const items = [...kept.values()].sort((a, b) => (sort === 'title' ? a.title.localeCompare(b.title) : b.id - a.id));
  response.json(items.slice((page - 1) * limit, page * limit));
});
tasks.post('/', express.json(), (request, response) => {
  const task = { tags: [], ...request.body, id: kept.size + 1, done: false, owner: request.get('Gatehouse-Principal') };
  kept.set(task.id, task);
  response.status(201).json(task);
});

/**
 * @openapi
 * /tasks/search:
 *   get:
 *     summary: Searches tasks
 *     tags: [Tasks]
 *     security: [{bearerAuth: []}]
 *     parameters:
 *       - {in: query, name: q, required: true, schema: {type: string}}
 *       - {in: query, name: tag, schema: {type: array, items: {type: string}}}
 *       - {in: query, name: done, schema: {type: boolean}}
 *     responses:
 *       200: {description: The tasks that match}
 */
tasks.get('/search', ({ query: { q, tag = [], done } }, response) => {
  response.json([...kept.values()].filter((task) => task.title.includes(q) && [tag].flat().every((one) => task.tags.includes(one)) && (done === undefined || String(task.done) === done)));
});

/**
 * @openapi
 * /tasks/{id}:
 *   parameters:
 *     - {in: path, name: id, required: true, schema: {type: integer}}
 *   get:
 *     summary: Get the task by id
 *     tags: [Tasks]
 *     security: [{bearerAuth: []}]
 *     responses:
 *       200: {description: The task}
 *       404: {description: The task was not found}
 *   patch:
 *     summary: Updates the task
 *     tags: [Tasks]
 *     security: [{bearerAuth: []}]
 *     requestBody:
 *       content:
 *         application/json:
 *           schema:
 *             type: object
 *             properties:
 *               title: {type: string}
 *               done: {type: boolean}
 *               due: {type: string, format: date-time, nullable: true}
 *     responses:
 *       200: {description: The task was updated}
 *       404: {description: The task was not found}
 *   delete:
 *     summary: Remove the task
 *     tags: [Tasks]
 *     security: [{bearerAuth: []}]
 *     responses:
 *       204: {description: The task was deleted}
 *       404: {description: The task was not found}
 */
tasks.get('/:id', (request, response) => {
  const task = found(request, response);
  if (task) response.json(task);
});
tasks.patch('/:id', express.json(), (request, response) => {
  const task = found(request, response);
  if (task) response.json(Object.assign(task, request.body));
});
tasks.delete('/:id', (request, response) => {
  if (found(request, response) && kept.delete(Number(request.params.id))) response.status(204).end();
});

/**
 * @openapi
 * /tasks/{id}/attachment:
 *   parameters:
 *     - {in: path, name: id, required: true, schema: {type: integer}}
 *   post:
 *     summary: Uploads a file
 *     tags: [Tasks]
 *     security: [{bearerAuth: []}]
 *     requestBody:
 *       content:
 *         multipart/form-data:
 *           schema:
 *             type: object
 *             properties:
 *               file: {type: string, format: binary}
 *     responses:
 *       201: {description: Uploaded}
 *   get:
 *     summary: Downloads the file
 *     tags: [Tasks]
 *     security: [{bearerAuth: []}]
 *     responses:
 *       200:
 *         description: The file
 *         content:
 *           application/octet-stream:
 *             schema: {type: string, format: binary}
 */
tasks.post('/:id/attachment', express.raw({ type: '*/*' }), (request, response) => {
  files.set(request.params.id, request.body);
  response.status(201).end();
});
tasks.get('/:id/attachment', (request, response) => {
  if (found(request, response)) response.type('application/octet-stream').send(files.get(request.params.id) ?? Buffer.from('\0nothing yet\xff', 'latin1'));
});

app.use(['/tasks', '/v1/tasks'], tasks); // the second is the server's path in redocly.json
app.get('/openapi.json', (_, response) => response.json(swaggerJsdoc({ definition: { openapi: '3.0.0', info: { title: 'Tasks', version: '1.0.0' }, servers: [{ url: 'http://localhost:3000' }] }, apis: [fileURLToPath(import.meta.url)] })));
const server = app.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
