// A second implementation of OpenAPI's parameters (3.1 section 4.8.12, RFC 6570), written from the specification and from
// the rules in src/openapi/parameter.h, and not from the engine: texts are cut apart with regular expressions first, and
// every piece is decoded and typed afterwards. It is slow, and simple enough to be believed.
//
// It knows schemas with `type` (one, or several scalars), `items`, `properties`, `required` and `additionalProperties`.
// `content` is application/json or text/plain.

class Refused extends Error {}
const refuse = why => { throw new Refused(why); };

export const defaultStyle = {path: 'simple', header: 'simple', query: 'form', cookie: 'form'};
export const styleOf = parameter => parameter.style ?? defaultStyle[parameter.in];
export const explodes = parameter => parameter.explode ?? styleOf(parameter) === 'form';

// The value that a raw text stands for: {value} or {refused: why}. The parameter is required.
export function read(parameter, raw) {
  try {
    return {value: readers[parameter.in](parameter, raw)};
  } catch (error) {
    if (error instanceof Refused) return {refused: error.message};
    throw error;
  }
}

// ---- text -------------------------------------------------------------------------------------------

const utf8 = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
const plain = {
  path: /^(?:[!-"$&-*,-~+]|%[0-9A-Fa-f]{2})*$/,
  cookie: /^(?:[!-"$&-*,-~+]|%[0-9A-Fa-f]{2})*$/,
  query: /^(?:[!-"$&-*,-~]|%[0-9A-Fa-f]{2})*$/,
  reserved: /^(?:[!-"$&-*,-~+]|%[0-9A-Fa-f]{2})*$/,
};

// `x-plus: space` stands for `defaults: {plus: space}` of gatehouse.yaml.
const plusIsSpace = parameter => parameter.in === 'query' && parameter['x-plus'] === 'space' && !parameter.allowReserved
  && styleOf(parameter) !== 'spaceDelimited';

function decode(parameter, raw) {
  if (plusIsSpace(parameter)) raw = raw.replaceAll('+', '%20');
  let text = raw;
  if (parameter.in !== 'header') {
    if (!plain[parameter.allowReserved && parameter.in === 'query' ? 'reserved' : parameter.in].test(raw)) refuse('encoding');
    const bytes = Buffer.from(raw.replaceAll(/%(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
    try { text = utf8.decode(bytes); } catch { refuse('encoding'); }
  }
  if (/[\x00-\x1f\x7f]/.test(text)) refuse('encoding');
  if (parameter.in === 'path' && /^\.\.?$|[/\\]/.test(text)) refuse('encoding');
  return text;
}

// ---- types ------------------------------------------------------------------------------------------

const typesOf = schema => [schema?.type ?? 'string'].flat();
const isArray = parameter => parameter.schema && typesOf(parameter.schema).includes('array');
const isObject = parameter => parameter.schema && typesOf(parameter.schema).includes('object');

// `inside` an array or object, a number is a number though the schema would rather have it as a text. Inputs are capped
// where the document says nothing: an integer has 64 bits, a number is one that a double can hold.
function scalar(schema, text, inside = false) {
  const types = typesOf(schema);
  // An integer is digits: `1e2` would be 1 for a parseInt behind the gate.
  const form = types.includes('number') ? /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/ : /^-?(0|[1-9][0-9]*)$/;
  if ((types.includes('number') || types.includes('integer')) && form.test(text)) {
    const number = Number(text);
    if (types.includes('number') ? Number.isFinite(number) : Number.isInteger(number) && Math.abs(number) < 2 ** 63) return number;
    if (inside) refuse('type');
  }
  if (types.includes('boolean') && /^(true|false)$/.test(text)) return text === 'true';
  if (types.includes('string')) return text;
  return refuse('type');
}

// A piece of a list: an encoded delimiter in it parts two for servers that decode the list before they split it.
function part(parameter, piece, delimiter) {
  const text = decode(parameter, piece);
  return delimiter && text.includes(delimiter) ? refuse('ambiguous') : text;
}

function array(parameter, pieces, delimiter) {
  return pieces.map(piece => scalar(parameter.schema.items, part(parameter, piece, delimiter), true));
}

// From [key, raw value] pairs, keys decoded.
function object(parameter, pairs, delimiter) {
  const {properties = {}, required = [], additionalProperties = true} = parameter.schema;
  const members = new Map();
  for (const [key, raw] of pairs) {
    if (key === '') refuse('style');
    if (members.has(key)) refuse('repeated');
    const declared = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (!declared && additionalProperties === false) refuse('additionalProperties');
    members.set(key, scalar(declared ?? (additionalProperties === true ? {} : additionalProperties), part(parameter, raw, delimiter), true));
  }
  for (const key of required) if (!members.has(key)) refuse('required');
  return Object.fromEntries(members);
}

// ["R", "100", "G", "200"]
function alternating(parameter, pieces, delimiter) {
  if (pieces.length % 2) refuse('style');
  return object(parameter, pieces.flatMap((piece, i) => (i % 2 ? [] : [[part(parameter, piece, delimiter), pieces[i + 1]]])), delimiter);
}

// ["R=100", "G=200"]
function assignments(parameter, pieces, delimiter) {
  return object(parameter, pieces.map(piece => {
    const [, key, value] = /^([^=]*)=(.*)$/s.exec(piece) ?? refuse('style');
    const name = part(parameter, key, delimiter);
    return name.includes('=') ? refuse('ambiguous') : [name, value];
  }), delimiter);
}

function content(parameter, raw) {
  const text = decode(parameter, raw);
  const [type] = Object.keys(parameter.content);
  if (type === 'text/plain') return text;
  try { return JSON.parse(text); } catch { return refuse('json'); }
}

// ---- places -----------------------------------------------------------------------------------------

// Parameters without a name around the value: the separator of exploded values differs.
function unnamed(parameter, text, separator, trim = piece => piece) {
  if (parameter.content) return content(parameter, text);
  const delimiter = explodes(parameter) ? separator : ',';
  const pieces = () => (text === '' ? refuse('empty') : text.split(delimiter).map(trim));
  if (isArray(parameter)) return array(parameter, pieces(), delimiter);
  if (!isObject(parameter)) return scalar(parameter.schema, decode(parameter, text));
  if (!explodes(parameter)) return alternating(parameter, pieces(), delimiter);
  return assignments(parameter, pieces().map(piece => piece.replace(/^([^=]*?)[ \t]*=[ \t]*/s, parameter.in === 'header' ? '$1=' : '$&')), delimiter);
}

function matrix(parameter, raw) {
  const pieces = raw.slice(1).split(';');
  if (isObject(parameter) && explodes(parameter)) return raw === ';' ? refuse('empty') : assignments(parameter, pieces, ';');
  const values = pieces.map(piece => {
    const [, name, value = ''] = /^([^=]*)(?:=(.*))?$/s.exec(piece);
    return decode(parameter, name) === parameter.name ? value : refuse('style');
  });
  if (isArray(parameter) && explodes(parameter)) return array(parameter, values, ';');
  if (values.length !== 1) refuse('style');
  if (!isArray(parameter) && !isObject(parameter)) return scalar(parameter.schema, decode(parameter, values[0]));
  if (values[0] === '') refuse('empty');
  return (isArray(parameter) ? array : alternating)(parameter, values[0].split(','), ',');
}

// From [name, raw value or undefined] pairs of this parameter.
function named(parameter, pairs) {
  const style = styleOf(parameter);
  const single = pairs.length === 1;
  const whole = parameter.content || !isObject(parameter) || !(explodes(parameter) || style === 'deepObject');
  // RFC 6570 section 2.3: an object without members is written as nothing.
  if (pairs.length === 0) return whole || style === 'deepObject' ? refuse('required') : object(parameter, []);
  if (parameter.allowEmptyValue && whole && single && !pairs[0][1]) return '';
  if (pairs.some(([, value]) => value === undefined)) refuse('empty');
  if (!whole) return object(parameter, pairs);
  if (isArray(parameter) && explodes(parameter)) {
    if (single && pairs[0][1] === '') refuse('empty');
    return array(parameter, pairs.map(([, value]) => value));
  }
  if (!single) refuse('repeated');
  const [[, value]] = pairs;
  if (parameter.content) return content(parameter, value);
  if (!isArray(parameter) && !isObject(parameter)) return scalar(parameter.schema, decode(parameter, value));
  if (value === '') refuse('empty');
  const delimiter = {form: ',', spaceDelimited: '%20', pipeDelimited: /\||%7C/i}[style];
  return (isArray(parameter) ? array : alternating)(parameter, value.split(delimiter), {form: ',', spaceDelimited: ' ', pipeDelimited: '|'}[style]);
}

// Whether PHP, Rack or ASP.NET could take the name for a declared one.
function meansAnother(name, declared) {
  const read = text => [text.replace(/^[ [\]]+/, '').replace(/[[\]].*$/s, ''), text.replace(/^ +/, '')]
    .map(one => one.replaceAll(/[. [\]]/g, '_').replaceAll(/[A-Z]/g, letter => letter.toLowerCase())).filter(Boolean);
  return !declared.includes(name) && declared.some(one => read(one).some(form => read(name).includes(form)));
}

// Whether qs drops a member of this name in brackets or takes it for an item, or PHP takes it for `[]`.
function isReadOtherwise(name) {
  return name === ' ' || /^(?:0|[1-9][0-9]{0,3})$/.test(name) || name in {};
}

const readers = {
  path(parameter, raw) {
    if (raw === '') refuse('required');
    const style = parameter.content ? 'simple' : styleOf(parameter);
    if (style === 'simple') return unnamed(parameter, raw, ',');
    if (raw[0] !== {label: '.', matrix: ';'}[style]) refuse('style');
    return style === 'label' ? unnamed(parameter, raw.slice(1), '.') : matrix(parameter, raw);
  },

  header(parameter, raw) {
    const trim = text => text.replaceAll(/^[ \t]+|[ \t]+$/g, '');
    return unnamed(parameter, trim(raw), ',', trim);
  },

  query(parameter, raw) {
    const free = !parameter.content && isObject(parameter) && styleOf(parameter) === 'form' && explodes(parameter);
    const pairs = (raw === '' ? [] : raw.split('&')).map(piece => {
      if (piece.includes(';')) refuse('semicolon'); // some part pairs there
      const [, rawName, value] = /^([^=]*)(?:=(.*))?$/s.exec(piece);
      const name = decode({...parameter, allowReserved: false, style: 'form'}, rawName); // both speak of values
      if (name === '') refuse('style');
      if (!parameter.content && styleOf(parameter) === 'deepObject') {
        const start = `${parameter.name}[`;
        if (!name.startsWith(start)) refuse(name === parameter.name ? 'style' : 'undeclared');
        const [, key] = /^([^[\]]+)\]$/.exec(name.slice(start.length)) ?? refuse('style');
        if (isReadOtherwise(key) && !Object.hasOwn(parameter.schema.properties ?? {}, key)) refuse('ambiguous');
        return [key, value];
      }
      if (free ? parameter.schema.additionalProperties === false && !Object.hasOwn(parameter.schema.properties ?? {}, name)
        : name !== parameter.name) refuse('undeclared');
      if (free && meansAnother(name, Object.keys(parameter.schema.properties ?? {}))) refuse('alias');
      return [name, value];
    });
    return named(parameter, pairs);
  },

  cookie(parameter, raw) {
    const pairs = raw.split('; ').flatMap(piece => {
      const [, name, value] = /^([-!#$%&'*+.^_`|~0-9A-Za-z]+)=([^;]*)$/s.exec(piece) ?? refuse('style');
      const members = !parameter.content && isObject(parameter) && explodes(parameter);
      if (members ? !Object.hasOwn(parameter.schema.properties ?? {}, name) : name !== parameter.name) return [];
      if (!/^[!#-:<-[\]-~]*$/.test(value)) refuse('style');
      // Older servlet containers part cookies at commas.
      const listed = parameter.schema && !explodes(parameter) && (isArray(parameter) || isObject(parameter));
      const json = parameter.content && !parameter.content['text/plain'];
      if (value.includes(',') && ((!listed && !json) || /,.*=/.test(value))) refuse('style');
      // Werkzeug does not decode `%`, and Rack reads `+` as a space.
      const agreed = value.replaceAll(/%([2-7][0-9a-f])/gi, (_, hex) => (/^(?:2[25bc]|3b|5c|7f|20)$/i.test(hex) ? '%' : String.fromCharCode(parseInt(hex, 16))));
      if (/[%+]/.test(agreed) || (value.includes(',') && /%3d/i.test(value))) refuse('ambiguous');
      return [[name, value]];
    });
    return named(parameter, pairs);
  },
};

// ---- writing ----------------------------------------------------------------------------------------

// The text that RFC 6570 makes of a value; undefined where the style cannot say it unambiguously.
export function write(parameter, value) {
  const style = styleOf(parameter);
  const explode = explodes(parameter);
  const encode = text => (parameter.in === 'header' ? text
    : encodeURIComponent(text).replaceAll(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16)}`));
  const said = v => (typeof v === 'string' ? v : String(v));
  const pieces = Array.isArray(value) ? value.map(said) : typeof value === 'object' ? Object.entries(value).flat().map(said) : undefined;
  const cannotSay = {
    label: explode && pieces ? /\./ : /[]/, spaceDelimited: explode ? /[]/ : / /, pipeDelimited: explode ? /[]/ : /\|/,
    simple: parameter.in === 'header' ? /,|=|^[ \t]|[ \t]$/ : /[]/,
  }[style] ?? /[]/;
  if ((pieces ?? [said(value)]).some(piece => cannotSay.test(piece) || (parameter.in === 'path' && /^\.\.?$|[/\\]/.test(piece)))) return undefined;
  const plainText = style !== 'deepObject' && !(pieces && explode && style !== 'simple');
  if (pieces && (pieces.length === 0 || (plainText && pieces.length === 1 && pieces[0] === ''))) return undefined;
  if (explode && Array.isArray(value) && value.length === 1 && value[0] === '') return undefined;
  const name = encode(parameter.name);
  const joined = delimiter => pieces.map(encode).join(delimiter);
  const assigned = (delimiter, key = k => encode(k)) => Object.entries(value).map(([k, v]) => `${key(k)}=${encode(said(v))}`).join(delimiter);
  const isMap = pieces && !Array.isArray(value);

  if (style === 'deepObject') return assigned('&', k => `${name}%5B${encode(k)}%5D`);
  if (style === 'simple' || style === 'label') {
    const prefix = style === 'label' ? '.' : '';
    if (!pieces) return prefix + encode(said(value));
    const delimiter = explode && style === 'label' ? '.' : ',';
    return prefix + (isMap && explode ? assigned(delimiter) : joined(delimiter));
  }
  const [first, between] = {matrix: [';', ';'], form: ['', parameter.in === 'cookie' ? '; ' : '&']}[style] ?? ['', '&'];
  if (!pieces) return `${first}${name}=${encode(said(value))}`;
  if (isMap && explode) return first + assigned(between);
  if (explode) return first + value.map(v => `${name}=${encode(said(v))}`).join(between);
  return `${first}${name}=${joined({spaceDelimited: '%20', pipeDelimited: '|'}[style] ?? ',')}`;
}
