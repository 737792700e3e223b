// Loads the documents of @octokit/openapi and @readme/oas-examples as the server does.
//
//   node tests/conformance/openapi.mjs [--problems] [--json]
//
// Fails when a document of octokit takes more time or memory than allowed, and when a document has a problem that
// openapi/expected.json does not know, or no longer has one that it knows. --problems prints every problem, --json what
// belongs into expected.json.
import {readFileSync, readdirSync} from 'node:fs';
import {join, relative} from 'node:path';
import {Lab} from './support/lab.mjs';
import {cpuOf, peakOf} from './support/process.mjs';
import {conclude, table, top} from './support/suite.mjs';

const mostMilliseconds = 3000;
const mostMebibytes = 1024;

const filesUnder = folder => readdirSync(folder, {withFileTypes: true}).flatMap(entry =>
  entry.isDirectory() ? filesUnder(join(folder, entry.name)) : /\.(json|ya?ml)$/.test(entry.name) ? [join(folder, entry.name)] : []).sort();

const modules = join(top, 'tests/node_modules');
const octokit = filesUnder(join(modules, '@octokit/openapi/generated')).filter(file => !file.endsWith('.deref.json'));
const readme = ['3.0', '3.1'].flatMap(version => filesUnder(join(modules, '@readme/oas-examples', version)));

const expected = JSON.parse(readFileSync(new URL('openapi/expected.json', import.meta.url), 'utf8'));
const found = {};
const failures = [];
const kinds = new Map();

// Each document in a process of its own, so that its memory is its own.
async function load(file) {
  const name = relative(modules, file);
  const lab = new Lab('openapi');
  const {operations, problems} = await lab.ask({path: file});
  const milliseconds = cpuOf(lab.process.pid);
  const mebibytes = Math.ceil(peakOf(lab.process.pid));
  lab.close();

  const known = expected[name] ?? [];
  for (const problem of problems) if (!known.includes(problem)) failures.push(`${name}: not known: ${problem}`);
  for (const problem of known) if (!problems.includes(problem)) failures.push(`${name}: no longer reported: ${problem}`);
  if (octokit.includes(file)) {
    if (milliseconds >= mostMilliseconds) failures.push(`${name}: ${milliseconds} ms, allowed are ${mostMilliseconds}`);
    if (mebibytes >= mostMebibytes) failures.push(`${name}: ${mebibytes} MiB, allowed are ${mostMebibytes}`);
  }
  if (problems.length) found[name] = problems;
  for (const problem of problems) {
    const kind = problem.replace(/^\d+:\d+: \S+?: /, '').replace(/`[^`]*`/, '`…`');
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  console.log(`${String(operations).padStart(5)} operations ${String(milliseconds).padStart(5)} ms ${String(mebibytes).padStart(4)} MiB ${String(problems.length).padStart(3)} problems  ${name}`);
  if (process.argv.includes('--problems')) for (const problem of problems) console.log(`        ${problem}`);
  return [name, operations, problems.length];
}

const rows = [];
for (const file of [...octokit, ...readme]) rows.push(await load(file));
if (process.argv.includes('--json')) console.log(JSON.stringify(found, null, 1));

conclude({
  name: 'openapi',
  title: 'OpenAPI documents',
  source: 'npm `@octokit/openapi` 23.0.2 and `@readme/oas-examples` 8.2.2',
  target: `every document loads, or each problem reported is known to be its own; the largest in less than ${mostMilliseconds / 1000} s and ${mostMebibytes / 1024} GiB`,
  passed: rows.length - new Set(failures.map(failure => failure.split(':')[0])).size,
  failures,
  text: `Operations that the document declares, and problems that \`check\` would report: the problems are in
[expected.json](../tests/conformance/openapi/expected.json), each with its place. A document with problems is not served.

${table(['document', 'operations', 'problems'], rows)}

### The problems by kind

${table(['problem', 'times'], [...kinds].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)))}
`,
});
