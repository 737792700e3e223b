// What Express makes of a request: its own router, query parser and the `cookie` package.
import express from 'express';
import { parse } from 'cookie';

const app = express();
app.set('query parser', 'extended');
const answer = (route) => (request, response) => response.json({
  route, doc: request.params.doc, q: request.query.q, tenant: request.get('x-tenant'), theme: parse(request.get('cookie') ?? '').theme, fields: Object.keys(request.headers),
});
app.get('/docs/admin', answer('admin'));
app.get('/jobs/:doc\\:delete', answer('admin'));
app.get('/jobs/:doc\\:cancel', answer('doc'));
app.get('/docs/:doc', answer('doc'));
app.post('/notes', express.json(), (request, response) => response.json({ note: request.body }));
app.use(answer('none'));
const server = app.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
