// Texts that are kept whole under tests/golden, so that a change of what people read is a reviewable difference.
//
//   GATEHOUSE_WRITE_GOLDEN=1 node --test tests/e2e/{check,review,init}.test.mjs     writes them anew

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../golden');

export function assertGolden(name, text) {
  const file = join(folder, name);
  if (process.env.GATEHOUSE_WRITE_GOLDEN === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return;
  }
  assert.ok(existsSync(file), `tests/golden/${name} is not there; GATEHOUSE_WRITE_GOLDEN=1 writes it`);
  assert.equal(text, readFileSync(file, 'utf8'), `differs from tests/golden/${name}; where it is right as it is now, GATEHOUSE_WRITE_GOLDEN=1 writes it`);
}
