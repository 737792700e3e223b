// Loads the documents of npm @octokit/openapi, as the server does when it starts: CPU time and the most memory.
//
//   node tests/bench/documents.mjs [--rounds N]      (needs build/release/lab)
//
// Writes build/bench/documents.json.
import {mkdirSync, readFileSync, readdirSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {cpuOf, peakOf} from '../conformance/support/process.mjs';
import {Lab} from '../conformance/support/lab.mjs';
import {top} from '../conformance/support/suite.mjs';

const {values: options} = parseArgs({options: {rounds: {type: 'string', default: '3'}}});
const rounds = Number(options.rounds);
const folder = join(top, 'tests/node_modules/@octokit/openapi/generated');
const files = readdirSync(folder).filter(file => file.endsWith('.json') && !file.endsWith('.deref.json')).sort();
const median = values => [...values].sort((a, b) => a - b)[values.length >> 1];

const table = [];
for (const file of files) {
  const measured = [];
  let operations = 0;
  for (let round = 0; round < rounds; round++) {
    const lab = new Lab('openapi');
    operations = (await lab.ask({path: join(folder, file)})).operations;
    measured.push({milliseconds: cpuOf(lab.process.pid), mebibytes: Math.ceil(peakOf(lab.process.pid))});
    lab.close();
  }
  table.push({
    document: file.replace('.json', ''), megabytes: Number((statSync(join(folder, file)).size / 1e6).toFixed(1)), operations,
    milliseconds: median(measured.map(one => one.milliseconds)), mebibytes: median(measured.map(one => one.mebibytes)),
  });
}
console.table(table);
mkdirSync(join(top, 'build/bench'), {recursive: true});
writeFileSync(join(top, 'build/bench/documents.json'), JSON.stringify({rounds, table}, null, 1) + '\n');
