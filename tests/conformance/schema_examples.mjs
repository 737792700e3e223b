// The examples of GitHub's API against their own schemas, beside ajv: real documents, of which some are not as their
// schema says.
//
//   node tests/conformance/schema_examples.mjs [--verbose]
import {createRequire} from 'node:module';
import {Lab} from './support/lab.mjs';
import {examples} from './support/octokit.mjs';
import {conclude} from './support/suite.mjs';

const require = createRequire(new URL('../package.json', import.meta.url));
const Ajv = require('ajv/dist/2020').default;
const addFormats = require('ajv-formats').default;

function ajvAnswer(schema, value) {
  const ajv = new Ajv({strict: false, logger: false});
  addFormats(ajv);
  ajv.addSchema(schema, 'file:///schema.json');
  return ajv.compile({$ref: 'file:///schema.json#/root'})(value);
}

const all = examples();
const lab = new Lab('schema');
const failures = [];
let valid = 0;
let discriminated = 0;
for (const {operation, status, schema, value} of all) {
  const question = {schema: {...schema, $ref: '#/root'}, instance: value, formats: true, dialect: '3.0', findings: true};
  const own = await lab.ask(question);
  const ajv = ajvAnswer(schema, value);
  if (ajv) valid++;
  if (own.valid === ajv) continue;
  // ajv is not asked to look at discriminators, which OpenAPI 3.0 has.
  if (ajv && own.findings?.every(({rule}) => rule === 'discriminator')) discriminated++;
  else failures.push(`${operation} ${status}: ajv says ${ajv}, Gatehouse ${JSON.stringify(own)}`);
}
lab.close();

conclude({
  name: 'schema_examples',
  title: 'Real examples beside ajv',
  source: 'the examples in GitHub\'s API, npm `@octokit/openapi` 23.0.2, and npm `ajv` 8 with `ajv-formats`',
  target: 'the same answer',
  passed: all.length - failures.length - discriminated,
  left: discriminated,
  failures,
  text: `${all.length} answers, each against the schema that the document declares for it; ${valid} are valid, the others violate their own
document. ${discriminated} are left out: they lack the property that a \`discriminator\` names, which OpenAPI 3.0 requires and ajv, as
configured here, ignores.`,
});
