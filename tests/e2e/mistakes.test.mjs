// What is said about plausible mistakes: the messages that must come, and nothing else (tests/golden/mistakes.txt).
// Rooms: doc cel openapi policy app

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Authority, Folder, Issuer, assertGolden, unlessBuilt } from './harness.mjs';
import { api, configuration, inCommands, inConfiguration, inDocument } from './support/mistakes.mjs';

describe('mistakes', unlessBuilt, () => {
  let folder;
  before(async () => {
    folder = new Folder();
    new Authority(folder.path).issue('server');
    new Authority(folder.path, 'others').issue('other');
    folder.write('keys.json', (await Issuer.create()).jwks);
  });
  after(() => folder?.remove());

  // One entry of the golden text: the mistake, how it is written, and all that the program says.
  const told = async (what, written, words) => {
    const { status, stdout, stderr } = await folder.run(...words);
    // An empty output would be a mistake that is accepted, or one that is not told.
    assert.notEqual(status, 0, `${what}: ${written}: is accepted\n${stdout}`);
    assert.ok(stderr, what);
    return `# ${what}: ${written}\n${stderr.replaceAll(folder.path, 'FOLDER')}\n`;
  };

  it('start from a configuration that is right', async () => {
    folder.write('gatehouse.yaml', configuration);
    folder.write('api.yaml', api);
    const { status, stderr } = await folder.run('check');
    assert.equal(status, 0, stderr);
  });

  it('are told with what to write, and with nothing else', async () => {
    assert.ok(inConfiguration.length + inDocument.length + inCommands.length >= 100);
    let all = '';
    const changed = (text, from, to) => {
      assert.equal(text.split(from).length, 2, `${from} stands once`);
      return text.replace(from, () => to);
    };
    const short = (text) => (text.length > 200 ? 'the file' : JSON.stringify(text));
    for (const [what, from, to] of inConfiguration) {
      folder.write('api.yaml', api);
      folder.write('gatehouse.yaml', changed(configuration, from, to));
      all += await told(what, `${short(from)} -> ${short(to)}`, ['check']);
    }
    folder.write('gatehouse.yaml', configuration);
    for (const [what, from, to, alsoFrom = 'openapi:', alsoTo = 'openapi:'] of inDocument) {
      folder.write('api.yaml', changed(changed(api, alsoFrom, alsoTo), from, to));
      all += await told(what, `${short(from)} -> ${short(to)}`, ['check']);
    }
    folder.write('api.yaml', api);
    for (const [what, words] of inCommands) all += await told(what, ['gatehouse', ...words].join(' '), words);
    assertGolden('mistakes.txt', all);
  });
});
