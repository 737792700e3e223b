// What `gatehouse init` marks in a configuration, answered without looking at the API.
export function answered(text) {
  const lines = text.split('\n');
  const out = [];
  let is_public = false;
  for (const line of lines) {
    const commented = /^(\s*)# (security_schemes:|  partnerKey: |authenticators:|issuer: |audience: |jwks: )/.exec(line);
    if (commented) {
      let said = line.replace(/^(\s*)# /, '$1');
      if (commented[2] === 'jwks: ') said = `${commented[1]}jwks: file:keys.json`;
      out.push(said);
      continue;
    }
    if (line.includes('DECIDE: public in the document')) is_public = true;
    if (is_public && /^  \S.*: \{permission: /.test(line)) {
      out.push(line.replace(': {permission: ', ': {public: "as the document says", permission: '));
      is_public = false;
      continue;
    }
    out.push(line);
  }
  return out.join('\n');
}
