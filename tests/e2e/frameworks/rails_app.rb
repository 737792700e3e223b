# A form behind Rails' forgery protection: GET /form gives the token, POST /form needs it. Prints `port N`.
require 'action_controller/railtie'
require 'rack/handler/webrick'
require 'tmpdir'

class Shop < Rails::Application
  config.root = Dir.mktmpdir('rails')
  config.eager_load = false
  config.consider_all_requests_local = false
  config.logger = Logger.new(File::NULL)
  config.secret_key_base = 'of a test ' * 8
  config.hosts << 'localhost'
  config.session_store :cookie_store, key: '_shop_session', secure: true
  config.action_controller.default_protect_from_forgery = true
  config.action_controller.forgery_protection_origin_check = true
  routes.append do
    get '/form' => 'forms#show'
    post '/form' => 'forms#create'
    get '/old' => redirect('/form')
  end
end

class FormsController < ActionController::Base
  protect_from_forgery with: :exception

  def show
    session[:visits] = session[:visits].to_i + 1
    render json: { token: form_authenticity_token, url: request.original_url }
  end

  def create
    render json: { visits: session[:visits], title: params[:title] }
  end
end

Shop.initialize!
quiet = WEBrick::Log.new(File::NULL)
Rack::Handler::WEBrick.run(Shop, Host: '127.0.0.1', Port: 0, Logger: quiet, AccessLog: []) do |server|
  puts "port #{server.listeners.first.addr[1]}"
  $stdout.flush
end
