# What Rack makes of a request, on WEBrick. The routes are matched as Rails and Sinatra do it: on the decoded path, with a format
# behind a dot.
require 'json'
require 'rack'
require 'rack/handler/webrick'

app = lambda do |env|
  request = Rack::Request.new(env)
  path = Rack::Utils.unescape_path(env['PATH_INFO'])
  route, doc = case path
               when %r{\A/docs/admin(\.[^/.?]+)?/?\z} then ['admin', nil]
               when %r{\A/jobs/([^/]+):delete(\.[^/.?]+)?/?\z} then ['admin', $1]
               when %r{\A/jobs/([^/]+):cancel\z} then ['doc', $1]
               when %r{\A/docs/([^/]+)\z} then ['doc', $1]
               else ['none', nil]
               end
  reading = { route: route, doc: doc, q: request.GET['q'], tenant: env['HTTP_X_TENANT'], theme: request.cookies['theme'],
              fields: env.keys.grep(/\AHTTP_/).map { |key| key.delete_prefix('HTTP_').downcase.tr('_', '-') } }
  [200, { 'Content-Type' => 'application/json' }, [reading.to_json]]
end

quiet = WEBrick::Log.new(File::NULL)
Rack::Handler::WEBrick.run(app, Host: '127.0.0.1', Port: 0, Logger: quiet, AccessLog: []) do |server|
  puts "port #{server.listeners.first.addr[1]}"
  $stdout.flush
end
