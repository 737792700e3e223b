// Parsing and checking beside ajv (compiled): an order of 1 KiB, and examples of GitHub's API with their schemas, as npm
// @octokit/openapi has them. The two take turns; figures are medians over the rounds, and ratios are medians of the
// ratios within a round, because what disturbs a round disturbs both.
//
//   node tests/bench/ajv.mjs [--rounds N]      (needs build/release/schema_bench)
//
// Writes build/bench/ajv.json.
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {examples} from '../conformance/support/octokit.mjs';

const require = createRequire(new URL('../package.json', import.meta.url));
const Ajv = require('ajv/dist/2020').default;
const addFormats = require('ajv-formats').default;

const {values: options} = parseArgs({options: {rounds: {type: 'string', default: '7'}}});
const rounds = Number(options.rounds);
const top = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(top, 'build/bench/schemas');
const secondsOfOne = 0.1;

// Operations whose example is taken, by size.
const wanted = ['git/create-commit', 'issues/list-milestones', 'gists/list', 'checks/list-for-ref', 'repos/list-commits', 'search/repos',
  'secret-scanning/list-alerts-for-org', 'issues/list', 'actions/get-workflow-run', 'projects/update-item-for-org'];

// ---- the cases -----------------------------------------------------------------------------------------

function octokitCases() {
  const all = examples().filter(({status}) => status === '200' || status === '201');
  return wanted.map(id => {
    const {schema, value} = all.find(({operation}) => operation === id);
    return {name: id.replace('/', '.'), schema, text: JSON.stringify(value)};
  });
}

function write({name, schema, text}) {
  writeFileSync(join(folder, `${name}.schema.json`), JSON.stringify(schema));
  writeFileSync(join(folder, `${name}.json`), text);
}

// ---- ajv -----------------------------------------------------------------------------------------------

function compiled(schema) {
  const ajv = new Ajv({strict: false, logger: false});
  addFormats(ajv);
  if (!schema.root) return ajv.compile(schema);
  ajv.addSchema(schema, 'file:///schema.json');
  return ajv.compile({$ref: 'file:///schema.json#/root'});
}

// Nanoseconds of one.
function time(work) {
  for (const until = performance.now() + 20; performance.now() < until;) work();
  let count = 0;
  const begin = performance.now();
  let now = begin;
  while (now < begin + secondsOfOne * 1000) {
    for (let i = 0; i < 50; i++) work();
    count += 50;
    now = performance.now();
  }
  return (now - begin) * 1e6 / count;
}

function timeAjv({validate, text}) {
  const instance = JSON.parse(text);
  return {
    check: time(() => { if (!validate(instance)) throw new Error('not valid'); }),
    parse_and_check: time(() => { if (!validate(JSON.parse(text))) throw new Error('not valid'); }),
  };
}

// ---- Gatehouse -----------------------------------------------------------------------------------------

// {name: {parse, check, parse_and_check}} in nanoseconds.
function timeGatehouse() {
  const output = execFileSync(join(top, 'build/release/schema_bench'), ['--benchmark_format=json', `--benchmark_min_time=${secondsOfOne}`],
    {cwd: top, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
  const found = {};
  for (const {name, real_time: nanoseconds} of JSON.parse(output).benchmarks) {
    const [what, ...of] = name.split('/');
    (found[of.join('/')] ??= {})[what] = nanoseconds;
  }
  return found;
}

// ---- taking turns --------------------------------------------------------------------------------------

const median = values => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[sorted.length - 1 >> 1] + sorted[sorted.length >> 1]) / 2;
};

rmSync(folder, {recursive: true, force: true});
mkdirSync(folder, {recursive: true});
const data = name => readFileSync(join(top, 'tests/data', name), 'utf8');
const cases = [{name: 'order', schema: JSON.parse(data('order.schema.json')), text: data('order.json')}, ...octokitCases()];
cases.slice(1).forEach(write);
for (const one of cases) {
  one.validate = compiled(one.schema);
  if (!one.validate(JSON.parse(one.text))) throw new Error(`${one.name} is not valid: ${JSON.stringify(one.validate.errors[0])}`);
}

const measured = cases.map(() => []);
for (let round = 0; round < rounds; round++) {
  const first = round % 2 ? timeGatehouse() : null;
  const ajv = cases.map(timeAjv);
  const own = first ?? timeGatehouse();
  cases.forEach(({name}, i) => measured[i].push({own: own[name], ajv: ajv[i]}));
}

const table = cases.map(({name, text}, i) => {
  const microseconds = pick => Number((median(measured[i].map(pick)) / 1000).toFixed(3));
  const ratio = what => Number(median(measured[i].map(({own, ajv}) => ajv[what] / own[what])).toFixed(2));
  return {
    document: name, bytes: Buffer.byteLength(text),
    check_us: microseconds(({own}) => own.check), ajv_check_us: microseconds(({ajv}) => ajv.check), check_ratio: ratio('check'),
    parse_and_check_us: microseconds(({own}) => own.parse_and_check), ajv_parse_and_check_us: microseconds(({ajv}) => ajv.parse_and_check),
    parse_and_check_ratio: ratio('parse_and_check'),
  };
});
console.table(table);
writeFileSync(join(top, 'build/bench/ajv.json'), JSON.stringify({rounds, ajv: require('ajv/package.json').version, node: process.version, table}, null, 1) + '\n');
