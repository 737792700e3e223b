// The lines to paste of docs/upstreams.md, as they are printed there.

import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../../../docs/upstreams.md', import.meta.url), 'utf8');
const section = /\n## Frameworks\n([^]*?)\n## /.exec(page)[1];

// name → the text of its block.
export const lines = new Map([...section.matchAll(/^- \*\*([^*]+)\*\*[^]*?\n {2}```yaml\n([^]*?) {2}```$/gm)].map(([, name, text]) => [name, text.replaceAll(/^ {2}/gm, '')]));

// The header fields and cookies that the lines of a framework name, in lower case: {forward, cookies, answers}.
export function namesOf(framework) {
  const text = lines.get(framework);
  const list = (pattern) => (pattern.exec(text)?.[1] ?? '').replaceAll(/\{name: ([^,}]+)[^}]*\}/g, '$1').split(',').map((one) => one.trim().toLowerCase()).filter(Boolean);
  return { forward: list(/fields: \{(?:.*?, )?forward: \[([^\]]*)\]/), cookies: list(/cookies: \{forward: \[([^\]]*)\]/), answers: list(/answers: \{forward: \[([^\]]*)\]/) };
}

// A configuration as text, with the lines of these frameworks: `fields` of several are put together, and `web` is its upstream.
export function configured(configuration, frameworks) {
  const { upstreams, ...rest } = configuration;
  const url = upstreams.orders.url;
  rest.defaults = { ...rest.defaults, upstream: 'web' };
  const own = frameworks.flatMap((name) => lines.get(name).split('\n')).filter((line) => line !== '');
  const hosts = own.filter((line) => line.startsWith('upstreams:'));
  const fields = own.filter((line) => line.startsWith('fields:'));
  const written = [...fields.slice(0, 1), ...(hosts.length ? [hosts[0].replace(/url: "[^"]*"/, `url: "${url}"`)] : [`upstreams: {web: {url: "${url}"}}`])];
  const text = [...Object.entries(rest).map(([key, value]) => `${key}: ${JSON.stringify(value)}`), ...written].join('\n');
  // The second's are those of the upstream: entries only ever add.
  if (fields.length < 2) return `${text}\n`;
  return `${text.replace('upstreams: {web: {', `upstreams: {web: {${fields[1].replace(/ *#.*$/, '')}, `)}\n`;
}
