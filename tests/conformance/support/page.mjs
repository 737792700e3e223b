// docs/conformance.md, made of what the last run of each conformance script found.
//
//   node tests/conformance/support/page.mjs [--write]
//
// Without --write it says whether the page is what it would write, and exits with 1 when it is not.
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {accounts, table, top} from './suite.mjs';

const order = ['schema', 'schema_differential', 'patterns_differential', 'schema_examples', 'json', 'cel', 'jose', 'parameters', 'parameters_differential', 'fields_differential', 'openapi'];
const found = order.map(name => JSON.parse(readFileSync(join(accounts, `${name}.json`), 'utf8')));

// As the forge makes the anchor of a heading.
const anchor = title => title.toLowerCase().replaceAll(/[^\w -]/g, '').replaceAll(' ', '-');
const summary = table(['suite', 'source', 'requirement', 'passed', 'left out', 'failed'],
  found.map(({title, source, target, passed, left, failed}) => [`[${title}](#${anchor(title)})`, source, target, passed, left, failed]));

const page = `# Conformance of the engines

Written by \`./dev conformance --write\`; do not edit. \`./dev test\` runs the same suites, and fails if a score is below
its requirement, or if this page differs from the results. All suites use the program \`lab\`, which
calls the functions of the server: \`echo '{"base64": "e30="}' | build/release/lab json\`.

${summary}

${found.map(({title, text}) => `## ${title}\n\n${text.trim()}\n`).join('\n')}`;

const file = join(top, 'docs/conformance.md');
if (process.argv.includes('--write')) {
  writeFileSync(file, page);
  console.log(`written: ${file}`);
} else {
  let current = '';
  try { current = readFileSync(file, 'utf8'); } catch { /* there is none yet */ }
  if (current !== page) {
    const [now, before] = [page.split('\n'), current.split('\n')];
    const at = now.findIndex((line, i) => line !== before[i]);
    console.log(`docs/conformance.md is not what the suites say, from line ${at + 1} on: ./dev conformance --write\n  now: ${now[at]}\n  there: ${before[at]}`);
  }
  console.log(current === page ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exitCode = current === page ? 0 : 1;
}
