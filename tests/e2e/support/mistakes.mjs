// Plausible mistakes, for mistakes.test.mjs: a configuration and a document that are right, and a hundred ways to get them or a command wrong.
// The messages that must come, and nothing else, are in tests/golden/mistakes.txt.

export const api = `openapi: 3.1.0
info: {title: Shop, version: "1"}
security: [{key: []}]
paths:
  /items:
    get: {operationId: listItems, security: [{}], responses: {"200": {description: ok}}}
    post:
      operationId: addItem
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses: {"200": {description: ok}}
  /items/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {operationId: items_slow2_items_get, security: [{token: []}], responses: {"200": {description: ok}}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-API-Key}
    token: {type: http, scheme: bearer}
`;

export const configuration = `openapi: [api.yaml]
threat_model: {exposure: partner, data: internal}
listen:
  https: "127.0.0.1:8443"
  admin: "127.0.0.1:9443"
tls: {certificate: server.crt, private_key: file:server.key}
store: sqlite:state.db
upstreams:
  shop: {url: "http://127.0.0.1:3000"}
authenticators:
  key: {type: api_key, prefix: "partner:"}
  token: {type: jwt, issuer: "https://idp.example.com/", audience: shop, jwks: file:keys.json, algorithms: [ES256]}
roles:
  anonymous: [items:list]
  partner: [items:write, items:read]
limits:
  per_ip: {per: ip, rate: 60/min, burst: 10}
defaults: {limits: [per_ip], upstream: shop, body: 64KiB, timeout: 10s}
operations:
  listItems: {permission: items:list, public: "the shop window"}
  addItem: {permission: items:write}
  items_slow2_items_get: {permission: items:read}
log: [stdout]
`;

// [the mistake, the text of gatehouse.yaml, the text in its place]
export const inConfiguration = [
  ['a tab at the beginning of a line', '  shop:', '\tshop:'],
  ['a tab within an indentation', '  shop: {url: "http://127.0.0.1:3000"}', '  shop:\n  \turl: "http://127.0.0.1:3000"'],
  ['a list entry among keys', '  admin: "127.0.0.1:9443"', '  - admin: "127.0.0.1:9443"'],
  ['a list in place of a map', '  shop: {url', '  - shop: {url'],
  ['a line without a colon', 'store: sqlite:state.db', 'store sqlite:state.db'],
  ['no space behind a colon', 'store: sqlite:state.db', 'store:sqlite:state.db'],
  ['a bracket that does not end', 'openapi: [api.yaml]', 'openapi: [api.yaml'],
  ['a brace that does not end', '  addItem: {permission: items:write}', '  addItem: {permission: items:write'],
  ['a brace too many', '  addItem: {permission: items:write}', '  addItem: {permission: items:write}}'],
  ['a quote that does not end', '"the shop window"', '"the shop window'],
  ['an indentation that fits nothing', '  addItem: {permission', '   addItem: {permission'],
  ['a key twice', 'store: sqlite:state.db', 'store: sqlite:state.db\nstore: sqlite:state.db'],
  ['a star without quotes', '[items:list]', '[*]'],
  ['a colon in a text without quotes', '"the shop window"', 'window: of the shop'],
  ['a sign that YAML keeps', 'shop: {url: "http://127.0.0.1:3000"}', 'shop: {url: @http://127.0.0.1:3000}'],
  ['a leading zero', 'burst: 10', 'burst: 010'],
  ['a merge key', '  addItem: {permission: items:write}', '  addItem: {<<: {permission: items:write}}'],
  ['two documents in one file', 'log: [stdout]', '---\nlog: [stdout]'],
  ['an empty file', configuration, ''],
  ['a key with a typing error', 'store:', 'stroe:'],
  ['a key in the singular', 'upstreams:', 'upstream:'],
  ['a key at the top that belongs into another', 'store:', 'hsts: {max_age: 30d}\nstore:'],
  ['a key of another program', 'store:', 'plugins: [cors]\nstore:'],
  ['operations with a typing error', 'operations:', 'operation:'],
  ['a duration without a unit', 'timeout: 10s', 'timeout: 10'],
  ['a duration with a word', 'timeout: 10s', 'timeout: 10sec'],
  ['minutes as min', 'timeout: 10s', 'timeout: 1min'],
  ['decimal megabytes', 'body: 64KiB', 'body: 10MB'],
  ['megabytes as M', 'body: 64KiB', 'body: 10M'],
  ['kilobytes in small letters', 'body: 64KiB', 'body: 64kb'],
  ['a size as a number', 'body: 64KiB', 'body: 65536'],
  ['a size with a fraction', 'body: 64KiB', 'body: 1.5MiB'],
  ['a rate without a unit', 'rate: 60/min', 'rate: 60'],
  ['a rate per minute', 'rate: 60/min', 'rate: 60/minute'],
  ['a rate of words', 'rate: 60/min', 'rate: 60 per minute'],
  ['a rate per sec', 'rate: 60/min', 'rate: 1/sec'],
  ['a private key without file:', 'file:server.key', 'server.key'],
  ['a private key in the text', 'file:server.key', '"-----BEGIN PRIVATE KEY-----"'],
  ['a certificate with file:', 'certificate: server.crt', 'certificate: file:server.crt'],
  ['a certificate that is not there', 'certificate: server.crt', 'certificate: servr.crt'],
  ['a certificate at an absolute path', 'certificate: server.crt', 'certificate: /etc/no-such-folder/servr.crt'],
  ['the key of another certificate', 'file:server.key', 'file:other.key'],
  ['names of another program for certificates', '{certificate: server.crt, private_key: file:server.key}', '{cert: server.crt, key: file:server.key}'],
  ['a port alone', 'https: "127.0.0.1:8443"', 'https: 8443'],
  ['a port with a colon', 'https: "127.0.0.1:8443"', 'https: ":8443"'],
  ['a name in place of an address', 'https: "127.0.0.1:8443"', 'https: "localhost:8443"'],
  ['an address without a port', 'https: "127.0.0.1:8443"', 'https: "0.0.0.0"'],
  ['a star as an address', 'https: "127.0.0.1:8443"', 'https: "*:8443"'],
  ['a URL as an address', 'https: "127.0.0.1:8443"', 'https: "https://127.0.0.1:8443"'],
  ['a store without sqlite:', 'sqlite:state.db', 'state.db'],
  ['a store that does not exist yet', 'sqlite:state.db', 'postgres://gatehouse@db/gatehouse'],
  ['a document by its URL', '[api.yaml]', 'http://127.0.0.1:8000/openapi.json'],
  ['a document that is not there', '[api.yaml]', '[apy.yaml]'],
  ['a document at an absolute path that is not there', '[api.yaml]', '[/srv/no-such-folder/api.yaml]'],
  ['the configuration as the document', '[api.yaml]', '[gatehouse.yaml]'],
  ['no document', 'openapi: [api.yaml]\n', ''],
  ['an empty list of documents', 'openapi: [api.yaml]', 'openapi: []'],
  ['an upstream as a text', '{url: "http://127.0.0.1:3000"}', '"http://127.0.0.1:3000"'],
  ['an upstream without a scheme', 'http://127.0.0.1:3000', '127.0.0.1:3000'],
  ['an upstream as host and port', 'http://127.0.0.1:3000', 'shop:3000'],
  ['an upstream with a query', 'http://127.0.0.1:3000', 'http://127.0.0.1:3000/?a=b'],
  ['an upstream that is not named', 'upstream: shop', 'upstream: shopp'],
  ['no upstream', 'upstream: shop, ', ''],
  ['an authenticator of an unknown type', 'type: api_key', 'type: apikey'],
  ['a type of OpenAPI as the type', '{type: jwt, ', '{type: bearer, '],
  ['oauth2 as the type', '{type: jwt, ', '{type: oauth2, '],
  ['an authenticator as a text', '  key: {type: api_key, prefix: "partner:"}', '  key: api_key'],
  ['a secret algorithm', '[ES256]', '[HS256]'],
  ['a secret algorithm, and nothing else said', 'audience: shop, jwks: file:keys.json, algorithms: [ES256]', 'algorithms: [HS256], secret: abc'],
  ['an algorithm in small letters', '[ES256]', '[es256]'],
  ['an algorithm that is none', '[ES256]', '[none]'],
  ['a key set without file:', 'file:keys.json', 'keys.json'],
  ['a key set over plain HTTP', 'file:keys.json', '"http://idp.example.com/keys"'],
  ['a key set that is not there', 'file:keys.json', 'file:kyes.json'],
  ['a token without an issuer', 'issuer: "https://idp.example.com/", ', ''],
  ['an authenticator of a scheme that there is not', '  token: {type: jwt', '  tokne: {type: jwt'],
  ['roles as a list', 'roles:\n  anonymous: [items:list]\n  partner: [items:write, items:read]', 'roles: [anonymous, partner]'],
  ['a role that holds nothing needed', 'items:write, items:read]', 'items:wirte, items:read]'],
  ['a public operation that anonymous may not call', '  anonymous: [items:list]\n', ''],
  ['a limit as a text', '{per: ip, rate: 60/min, burst: 10}', '60/min'],
  ['a limit per user', 'per: ip', 'per: user'],
  ['a limit per a header that is not declared', 'per: ip', 'per: "request.header[\'X-Tenant\']"'],
  ['a limit that is not defined', 'limits: [per_ip]', 'limits: [per_pi]'],
  ['an operation that is not in the document', '  addItem:', '  addItme:'],
  ['a generated operation with a typing error', '  items_slow2_items_get:', '  items_slow_items_get:'],
  ['an operation as a path', '  addItem:', '  /items:'],
  ['an operation as method and path in another order', '  addItem:', '  /items post:'],
  ['an operation in small letters', '  addItem:', '  post /items:'],
  ['an operation without a decision', '  addItem: {permission: items:write}\n', ''],
  ['an operation without a permission', '{permission: items:write}', '{}'],
  ['an operation as a text', '{permission: items:write}', 'items:write'],
  ['a list of permissions', '{permission: items:write}', '{permissions: [items:write]}'],
  ['a role in place of a permission', '{permission: items:write}', '{role: partner}'],
  ['public without a reason', 'public: "the shop window"', 'public: true'],
  ['public without a reason in words', 'public: "the shop window"', 'public: "yes"'],
  ['or in a condition', '{permission: items:write}', '{permission: items:write, when: "principal.id == \'a\' or principal.id == \'b\'"}'],
  ['and in a condition', '{permission: items:write}', '{permission: items:write, when: "principal.id != \'a\' and principal.id != \'b\'"}'],
  ['not in a condition', '{permission: items:write}', '{permission: items:write, when: "not (principal.id == \'a\')"}'],
  ['one sign of equality in a condition', '{permission: items:write}', '{permission: items:write, when: "principal.id = \'a\'"}'],
  ['the user in a condition', '{permission: items:write}', '{permission: items:write, when: "user.id == \'a\'"}'],
  ['the user of the request in a condition', '{permission: items:write}', '{permission: items:write, when: "request.user.id == \'a\'"}'],
  ['a role in a condition', '{permission: items:write}', '{permission: items:write, when: "principal.role == \'a\'"}'],
  ['a field of the body in a condition', '{permission: items:write}', '{permission: items:write, when: "request.body.nmae == \'a\'"}'],
  ['the body without request in a condition', '{permission: items:write}', '{permission: items:write, when: "body.name == \'a\'"}'],
  ['params in a condition', '{permission: items:read}', '{permission: items:read, when: "request.params.id == 7"}'],
  ['a text compared with a number', '{permission: items:read}', '{permission: items:read, when: "request.path.id == \'7\'"}'],
  ['an object that is not looked up', '{permission: items:read}', '{permission: items:read, when: "resource.owner == principal.id"}'],
  ['a condition that is a text', '{permission: items:read}', '{permission: items:read, when: "principal.id"}'],
  ['a threat model in other words', 'exposure: partner', 'exposure: external'],
  ['a threat model as a text', '{exposure: partner, data: internal}', 'partner'],
  ['the log as a text', 'log: [stdout]', 'log: stdout'],
  ['an output that there is not', 'log: [stdout]', 'log: [stderr]'],
  ['a log file by another name', 'log: [stdout]', 'log: [{path: events.jsonl}]'],
  ['a network that is too long', 'log: [stdout]', 'log: [stdout]\ntrusted_proxies: [10.0.0.0/33]'],
  ['a network with host bits', 'log: [stdout]', 'log: [stdout]\ntrusted_proxies: [10.0.0.1/8]'],
  ['a name in place of a network', 'log: [stdout]', 'log: [stdout]\ntrusted_proxies: [proxy.internal]'],
  ['a header that only Gatehouse writes', 'log: [stdout]', 'log: [stdout]\nfields: {forward: [X-Forwarded-For]}'],
  ['a credential that should go on', 'log: [stdout]', 'log: [stdout]\nfields: {forward: [Authorization]}'],
];

// [the mistake, the text of api.yaml, the text in its place]
export const inDocument = [
  ['a document of Swagger 2.0', 'openapi: 3.1.0', 'swagger: "2.0"'],
  ['a version of OpenAPI that there is not', 'openapi: 3.1.0', 'openapi: 4.0.0'],
  ['a path without a slash', '  /items:', '  items:'],
  ['a path parameter that is not declared', '    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]\n', ''],
  ['a path parameter of Express', '  /items/{id}:', '  /items/:id:'],
  ['a path parameter that is optional', 'required: true, schema: {type: integer}', 'schema: {type: integer}'],
  ['a type that JSON Schema does not have', 'name: {type: string}', 'name: {type: str}'],
  ['required at the property', 'name: {type: string}', 'name: {type: string, required: true}'],
  ['a bound as a text', 'name: {type: string}', 'name: {type: string, maxLength: "5"}'],
  ['a pattern that does not compile', 'name: {type: string}', 'name: {type: string, pattern: "("}'],
  ['a pattern that looks back', 'name: {type: string}', 'name: {type: string, pattern: "^(a+)\\\\1$"}'],
  ['a reference to nothing', 'schema: {type: object, properties: {name: {type: string}}}', 'schema: {$ref: "#/components/schemas/Item"}'],
  ['a reference over the network', 'schema: {type: object, properties: {name: {type: string}}}', 'schema: {$ref: "https://example.com/item.json"}'],
  ['two operations with one id', 'operationId: addItem', 'operationId: listItems'],
  ['security that names no scheme', 'security: [{token: []}]', 'security: [{tokne: []}]'],
  ['basic credentials beside tokens', 'security: [{token: []}]', 'security: [{basicAuth: []}, {token: []}]', '    token: {type: http, scheme: bearer}\n', '    token: {type: http, scheme: bearer}\n    basicAuth: {type: http, scheme: basic}\n'],
  ['security as a map', 'security: [{token: []}]', 'security: {token: []}'],
  ['a scheme that cannot be proven', 'token: {type: http, scheme: bearer}', 'token: {type: http, scheme: digest}'],
  ['basic credentials, and an authenticator for tokens', 'token: {type: http, scheme: bearer}', 'token: {type: http, scheme: basic}'],
  ['a media type that is none', 'application/json:', 'json:'],
  ['x-gatehouse at a path', '    post:\n', '    x-gatehouse: {permission: items:write}\n    post:\n'],
  ['x-gatehouse and gatehouse.yaml about one operation', '      operationId: addItem\n', '      operationId: addItem\n      x-gatehouse: {permission: items:write}\n'],
  ['an unknown key in x-gatehouse', '      operationId: addItem\n', '      operationId: addItem\n      x-gatehouse: {permision: items:write}\n'],
];

// [the mistake, the words of the command]
export const inCommands = [
  ['a command with a typing error', ['chekc']],
  ['a command that there is not', ['frobnicate']],
  ['no command', []],
  ['an option that there is not', ['check', '--conf', 'gatehouse.yaml']],
  ['the configuration without -c', ['check', 'gatehouse.yaml']],
  ['a configuration that is not there', ['check', '-c', 'gatehuose.yaml']],
  ['a configuration at an absolute path that is not there', ['check', '-c', '/etc/no-such-folder/gatehouse.yaml']],
  ['a folder as the configuration', ['check', '-c', '.']],
  ['a subcommand with a typing error', ['key', 'creat', '--principal', 'partner:acme']],
  ['a key for no caller', ['key', 'create']],
  ['a key with a role that there is not', ['key', 'create', '--principal', 'partner:acme', '--role', 'partnr']],
  ['a key to revoke that there is not', ['key', 'revoke', 'no-such-key']],
  ['the name of a parameter as a correlation id', ['why', 'CORRELATION_ID']],
  ['a part of a correlation id', ['why', '01a22215']],
  ['a correlation id of no request', ['why', '01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11']],
  ['a reason that there is not', ['explain', 'permission_mising']],
  ['a path without a method', ['explain', '/items']],
  ['a method in small letters', ['explain', 'get /items']],
  ['a role that there is not', ['explain', 'GET /items/7', '--as', 'partnr']],
  ['an outcome that there is not', ['log', '--outcome', 'denied']],
  ['a time in words', ['log', '--since', 'yesterday']],
  ['a format that there is not', ['review', '--format', 'yaml']],
  ['a document that is not there', ['init', '--openapi', 'apy.yaml', '--upstream', 'http://127.0.0.1:3000', '-o', 'new.yaml']],
  ['no document', ['init']],
  ['a key of the configuration with a typing error', ['reference', 'timout']],
];
