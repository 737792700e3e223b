// Holds the schema engine against the JSON Schema test suite (draft 2020-12), beside ajv with ajv-formats.
//
//   node tests/conformance/schema.mjs [--suite DIR] [--verbose]
//
// Exit status 1 when a required case fails, or when optional and format cases are not more than ajv's.
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {join, relative} from 'node:path';
import {parseArgs} from 'node:util';
import {createRequire} from 'node:module';
import {Lab} from './support/lab.mjs';
import {conclude, table} from './support/suite.mjs';

const require = createRequire(new URL('../package.json', import.meta.url));
const Ajv = require('ajv/dist/2020').default;
const addFormats = require('ajv-formats').default;

const {values: options} = parseArgs({options: {
  suite: {type: 'string', default: '/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance'},
  verbose: {type: 'boolean', default: false},
}});

// Cases where the engine deliberately answers otherwise: name → reason. A waiver that is not needed is a failure.
const waivers = new Map(Object.entries(JSON.parse(readFileSync(new URL('schema_waivers.json', import.meta.url), 'utf8'))));

const filesUnder = folder => readdirSync(folder, {withFileTypes: true}).flatMap(entry =>
  entry.isDirectory() ? filesUnder(join(folder, entry.name)) : entry.name.endsWith('.json') ? [join(folder, entry.name)] : []);

const remotes = new Map();
const remoteFolder = join(options.suite, 'remotes');
for (const file of existsSync(remoteFolder) ? filesUnder(remoteFolder) : []) {
  remotes.set(`http://localhost:1234/${relative(remoteFolder, file)}`, readFileSync(file, 'utf8').trim());
}

// The text of each value under a key, cut out of the file, so that 1.0 and 1e400 arrive as they were written.
// Node's JSON.parse would make 1 and Infinity of them.
function parseKeepingText(text) {
  let i = 0;
  const space = () => { while (/\s/.test(text[i])) i++; };
  function value() {
    space();
    const begin = i;
    let made;
    if (text[i] === '{') {
      made = {};
      i++;
      for (space(); text[i] !== '}'; space()) {
        if (text[i] === ',') { i++; space(); }
        const key = value().value;
        space();
        i++;
        made[key] = value();
      }
      i++;
    } else if (text[i] === '[') {
      made = [];
      i++;
      for (space(); text[i] !== ']'; space()) {
        if (text[i] === ',') i++;
        made.push(value());
      }
      i++;
    } else if (text[i] === '"') {
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++;
      i++;
      made = JSON.parse(text.slice(begin, i));
    } else {
      while (i < text.length && /[-+.\w]/.test(text[i])) i++;
      made = JSON.parse(text.slice(begin, i));
    }
    return {value: made, text: text.slice(begin, i).replaceAll(/\r?\n/g, ' ')};
  }
  return value();
}

const needsRemotes = schema => JSON.stringify(schema).includes('localhost:1234');

function ajvAnswers(schema, formats) {
  const ajv = new Ajv({strict: false, validateFormats: formats, logger: false});
  if (formats) addFormats(ajv);
  for (const [uri, text] of needsRemotes(schema) ? remotes : []) {
    if (!uri.includes('draft2020-12')) continue;
    try { ajv.addSchema(JSON.parse(text), uri); } catch { /* ajv does not take this one */ }
  }
  let validate;
  try { validate = ajv.compile(schema); } catch { return () => undefined; }
  return instance => validate(instance);
}

const lab = new Lab('schema');
const tests = join(options.suite, 'tests', 'draft2020-12');
const rows = [];
const waived = [];
const failures = [];
const unused = new Set(waivers.keys());
const total = {required: {cases: 0, passed: 0, ajv: 0}, optional: {cases: 0, passed: 0, ajv: 0}};

for (const file of filesUnder(tests).sort()) {
  const name = relative(tests, file);
  const kind = name.startsWith('optional') ? 'optional' : 'required';
  const formats = name.startsWith(join('optional', 'format') + '/') || name === 'optional/ecmascript-regex.json';
  const row = {name, cases: 0, passed: 0, ajv: 0};
  for (const group of parseKeepingText(readFileSync(file, 'utf8')).value) {
    const schema = group.value.schema;
    const needed = [...remotes].map(([uri, text]) => `${JSON.stringify(uri)}:${text.replaceAll(/\r?\n/g, ' ')}`);
    const withRemotes = needsRemotes(schema.text) ? `,"remotes":{${needed.join(',')}}` : '';
    const ajv = ajvAnswers(JSON.parse(schema.text), formats);
    for (const test of group.value.tests.value) {
      const {description, data, valid} = test.value;
      const answer = await lab.ask(
        `{"schema":${schema.text},"instance":${data.text},"formats":${formats}${withRemotes}}`);
      const title = `${name}: ${group.value.description.value}: ${description.value}`;
      row.cases++;
      if (ajv(JSON.parse(data.text)) === valid.value) row.ajv++;
      if (answer.valid === valid.value) {
        row.passed++;
        continue;
      }
      const reason = waivers.get(title);
      unused.delete(title);
      if (reason) waived.push(`- ${title}: ${reason}`);
      else failures.push(`${title}: ${JSON.stringify(answer)}`);
    }
  }
  rows.push(row);
  for (const key of ['cases', 'passed', 'ajv']) total[kind][key] += row[key];
}
lab.close();

const {required, optional} = total;
if (optional.passed <= optional.ajv) failures.push(`optional and format: ${optional.passed} pass, and ajv passes ${optional.ajv}`);
for (const title of unused) failures.push(`this waiver is not needed: ${title}`);

const row = (name, {cases, passed, ajv}) => [name, cases, passed, ajv];
conclude({
  name: 'schema',
  title: 'JSON Schema 2020-12',
  source: 'the JSON Schema test suite, from Debian\'s `libtest-json-schema-acceptance-perl`',
  target: 'every required case; of the optional and format cases more than ajv 8 with ajv-formats in the same run',
  passed: required.passed + optional.passed,
  left: waived.length,
  failures,
  text: `${table(['file', 'cases', 'Gatehouse', 'ajv 8 with ajv-formats'], [
    ...rows.map(found => row(found.name, found)), row('**required**', required), row('**optional and format**', optional)])}

### What is left, and why

${waived.length ? waived.join('\n') : 'Nothing.'}
`,
});
