// Next writes inline scripts: without a policy of its own, a page gets one that forbids them (docs/upstreams.md).
const policy = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'";
export default {
  poweredByHeader: false,
  headers: () => [{ source: '/:path*', headers: [{ key: 'Content-Security-Policy', value: policy }] }],
};
