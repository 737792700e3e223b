// GitHub's API as npm @octokit/openapi has it: the examples of its answers, each with its schema.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';

const require = createRequire(new URL('../../package.json', import.meta.url));

// The schema under `root`, with all that it refers to, and no more.
function bundle(document, root) {
  const schemas = {};
  const visit = value => {
    if (value === null || typeof value !== 'object') return;
    if (value.nullable && !value.type) delete value.nullable; // without meaning (OpenAPI 3.0.3), and ajv takes it for an error
    if (typeof value.$ref === 'string') {
      const name = value.$ref.replace('#/components/schemas/', '');
      if (!(name in schemas)) visit(schemas[name] = document.components.schemas[name]);
    }
    Object.values(value).forEach(visit);
  };
  visit(root);
  return {root, components: {schemas}};
}

// [{operation, status, schema, value}]
export function examples() {
  const document = JSON.parse(readFileSync(require.resolve('@octokit/openapi/generated/api.github.com.json'), 'utf8'));
  const resolved = example => (example.$ref ? document.components.examples[example.$ref.split('/').pop()] : example)?.value;
  const found = [];
  for (const item of Object.values(document.paths)) {
    for (const {operationId: operation, responses} of Object.values(item).filter(({responses}) => responses)) {
      for (const [status, {content}] of Object.entries(responses)) {
        const {schema, examples: given} = content?.['application/json'] ?? {};
        for (const value of Object.values(schema && given ? given : {}).map(resolved)) {
          if (value !== undefined) found.push({operation, status, schema: bundle(document, schema), value});
        }
      }
    }
  }
  return found;
}
