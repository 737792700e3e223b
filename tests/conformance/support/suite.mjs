// The last step of every conformance script: a report of its findings.
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

export const top = fileURLToPath(new URL('../../..', import.meta.url));
export const accounts = join(top, 'build/conformance');

// The engine's own program for outside questions.
export const labBinary = process.env.LAB ?? join(top, 'build/release/lab');

// name      the script's: what support/page.mjs finds it by
// title     of its section in docs/conformance.md
// source    where the cases come from, with the edition
// target    what must hold, in words
// passed    how many cases did
// left      how many were left out or waived, each with its reason in `text`
// failures  one text for each that did not, and for each target that was missed: any of them fails the run
// text      the section, in Markdown; the same whenever the answers are the same
export function conclude({name, title, source, target, passed, left = 0, failures, text}) {
  mkdirSync(accounts, {recursive: true});
  writeFileSync(join(accounts, `${name}.json`), JSON.stringify({name, title, source, target, passed, left, failed: failures.length, text}));
  const shown = process.argv.includes('--verbose') ? failures.length : 20;
  for (const failure of failures.slice(0, shown)) console.log(`FAILED ${failure}`);
  if (failures.length > shown) console.log(`and ${failures.length - shown} more; --verbose shows them`);
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length ? 1 : 0;
}

export function table(head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (rows.every(row => typeof row[i] === 'number') ? '---:' : '---'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
