// docs/performance.md, made of what the last run of each benchmark left in build/bench: peers.json (bench/peers.mjs),
// ajv.json and documents.json (tests/bench), and the *_bench.json of the micro-benchmarks. What was not measured is not
// on the page.
//
//   node bench/page.mjs [--write]
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {cpus, release, totalmem} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const top = fileURLToPath(new URL('..', import.meta.url));
const folder = join(top, 'build/bench');

function results(name) {
  const file = join(folder, name);
  if (!existsSync(file)) return null;
  // Google Benchmark writes NaN for a counter without spread, which is not JSON.
  return JSON.parse(readFileSync(file, 'utf8').replace(/: (NaN|-?inf)\b/gi, ': null'));
}

function table(head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (rows.every(row => row[i] === '' || /^[\d.,]/.test(String(row[i]))) ? '---:' : '---'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

// ---- the machine ---------------------------------------------------------------------------------------

// The first line that a program says about itself; nothing where it is not there.
function versionOf(command, ...words) {
  try {
    const text = execFileSync('sh', ['-c', `${[command, ...words].join(' ')} 2>&1 || true`], {encoding: 'utf8'});
    return /\d+(\.\d+)+/.exec(text.split('\n')[0])?.[0];
  } catch {
    return undefined;
  }
}

function machine() {
  const programs = [['nginx', '-v'], ['haproxy', '-v'], ['wrk', '-v'], ['node', '-v'], ['openssl', 'version'], ['g++', '--version']];
  const versions = programs.map(([name, ...words]) => [name, versionOf(name, ...words)]).filter(([, version]) => version);
  return `${cpus().length} CPUs (${cpus()[0].model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}; ` +
    `${versions.map(([name, version]) => `${name} ${version}`).join(', ')}.`;
}

// ---- the parts -----------------------------------------------------------------------------------------

const scenarioTitles = {
  stream: 'GET: an answer of 1 MiB in chunks, passed on as it comes (nginx with `proxy_buffering off`)',
  get: 'GET: one parameter, an answer of the upstream',
  post: 'POST: an order of 1 KiB, checked against its schema',
};

function peers() {
  const found = results('peers.json');
  if (!found) return null;
  const subject = found.table[0].contender;
  const scenarios = [...new Set(found.table.map(({scenario}) => scenario))];
  const parts = scenarios.map(scenario => `### ${scenarioTitles[scenario] ?? scenario}\n\n${table(
    ['contender', 'requests/s', 'CPU µs per request', 'p50 ms', 'p99 ms', `${subject}: times its requests/s`, `${subject}: times its CPU efficiency`],
    found.table.filter(row => row.scenario === scenario).map(row => [row.contender, row.per_second, row.cpu_us, row.p50_ms, row.p99_ms,
      row.contender === subject ? '' : row[`${subject}_per_second_ratio`], row.contender === subject ? '' : row[`${subject}_cpu_efficiency`]]))}`);
  return `## Beside nginx and HAProxy

One core for the contender, ${found.connections} keep-alive TLS 1.3 connections, ${found.rounds} rounds of ${found.seconds} s in which the
contenders take turns. \`gatehouse\` has every gate on: route, two limits, token, permission, schema, condition, and one event for each
request. \`nginx-log\` and \`haproxy-log\` pass everything through and write a JSON log line; \`haproxy-rs256\` verifies the token as well. The
configurations are in [bench/config](../bench/config). Figures are medians over the rounds, comparisons medians of the ratios
within a round. On a machine that does other things too, CPU per request is the fair figure. \`./dev bench\`

${parts.join('\n\n')}`;
}

function ajv() {
  const found = results('ajv.json');
  if (!found) return null;
  return `## Schemas beside ajv

Parsing (strictly) and checking beside \`JSON.parse\` and ajv ${found.ajv}, compiled, in Node ${found.node.slice(1)}: an order of 1 KiB, and examples
of GitHub's API with their schemas as npm \`@octokit/openapi\` has them, formats on. ${found.rounds} rounds in which the two take turns; microseconds
are medians, and so are the ratios within a round. \`./dev bench micro ajv\`

${table(['document', 'bytes', 'parse and check µs', 'JSON.parse and ajv µs', 'times faster', 'check µs', 'ajv µs', 'times faster'],
    found.table.map(row => [row.document, row.bytes, row.parse_and_check_us, row.ajv_parse_and_check_us, row.parse_and_check_ratio,
      row.check_us, row.ajv_check_us, row.check_ratio]))}`;
}

function documents() {
  const found = results('documents.json');
  if (!found) return null;
  return `## Loading OpenAPI documents

Read, compiled and ready to route: CPU time and the most memory of the whole process, median of ${found.rounds}. \`./dev bench micro documents\`

${table(['document', 'MB', 'operations', 'ms', 'MiB'], found.table.map(row => [row.document, row.megabytes, row.operations, row.milliseconds, row.mebibytes]))}`;
}

// Google Benchmark's nanoseconds, in readable units.
function duration(time, unit) {
  const nanoseconds = time * {ns: 1, us: 1e3, ms: 1e6, s: 1e9}[unit];
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(nanoseconds < 10 ? 1 : 0)} ns`;
  return nanoseconds < 1e6 ? `${(nanoseconds / 1e3).toFixed(2)} µs` : `${(nanoseconds / 1e6).toFixed(2)} ms`;
}

function micro() {
  if (!existsSync(folder)) return null;
  // schema_bench has its figures in the table beside ajv.
  const rooms = readdirSync(folder).filter(file => file.endsWith('_bench.json') && file !== 'schema_bench.json').sort().flatMap(file => {
    const {benchmarks} = results(file);
    const medians = benchmarks.filter(one => one.aggregate_name === 'median');
    const shown = medians.length ? medians : benchmarks.filter(one => one.run_type === 'iteration');
    if (!shown.length) return [];
    const rows = shown.map(one => [
      one.run_name.replace(/^BM_/, '').replace('/real_time', '').replaceAll('/', ' '),
      duration(one.run_name.includes('/real_time') ? one.real_time : one.cpu_time, one.time_unit)]);
    return [`### ${file.replace('_bench.json', '')}\n\n${table(['what', 'time'], rows)}`];
  });
  if (!rooms.length) return null;
  return `## Each room alone

The benchmarks beside the code (\`src/*/*_bench.cc\`): CPU time of one call (wall-clock time where
several threads take part), median of the repetitions. \`./dev bench micro\`

${rooms.join('\n\n')}`;
}

// ---- the page ------------------------------------------------------------------------------------------

const parts = [peers(), ajv(), documents(), micro()].filter(Boolean);
if (!parts.length) {
  console.error('nothing has been measured: ./dev bench, and ./dev bench micro');
  process.exit(1);
}
const page = `# What has been measured

Written by \`./dev bench --write\`; do not edit. Every figure was measured on one machine, on ${new Date().toISOString().slice(0, 10)}:
${machine()}

${parts.join('\n\n')}
`;
if (process.argv.includes('--write')) {
  const file = join(top, 'docs/performance.md');
  writeFileSync(file, page);
  console.log(`written: ${file}`);
} else {
  console.log(page);
}
