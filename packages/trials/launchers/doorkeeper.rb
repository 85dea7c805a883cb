# frozen_string_literal: true

# An authorization server that nobody here wrote: Doorkeeper in a Rails application of one file, on 127.0.0.1, with the code grant
# (PKCE), refresh tokens that rotate, client credentials and revocation; its database is in memory. Whoever opens a page has agreed.
# Configured by JSON in the first argument; prints its URL; ends with its standard input.

require "json"
CONFIG = JSON.parse(ARGV.fetch(0))
ENV["RAILS_ENV"] = "production"
# One connection, never closed: the database is as old as it.
ENV["DATABASE_URL"] = "sqlite3::memory:?pool=1&idle_timeout=0&checkout_timeout=60"

require "logger"
require "securerandom"
require "rails"
require "action_controller/railtie"
require "active_record/railtie"
require "doorkeeper"
require "webrick"
require "rack/handler/webrick"

class Launcher < Rails::Application
  config.load_defaults 6.1
  config.root = __dir__
  config.eager_load = false
  config.logger = Logger.new(File::NULL)
  config.secret_key_base = SecureRandom.hex(64)
  config.public_file_server.enabled = false
end

Person = Struct.new(:id)

Doorkeeper.configure do
  orm :active_record
  resource_owner_authenticator { Person.new(1) }
  skip_authorization { true }
  optional_scopes(*CONFIG["scopes"])
  grant_flows %w[authorization_code client_credentials]
  use_refresh_token
  access_token_expires_in 600
  force_ssl_in_redirect_uri false
end

class PeopleController < ActionController::API
  before_action :doorkeeper_authorize!

  def show
    render json: { sub: doorkeeper_token.resource_owner_id }
  end
end

class TestsController < ActionController::API
  # Every access token that was issued expires, as it does after 600 s.
  def expire
    Doorkeeper::AccessToken.update_all(created_at: 1.day.ago)
    head :no_content
  end
end

Launcher.initialize!
Launcher.routes.draw do
  use_doorkeeper(scope: "/") { skip_controllers :applications, :authorized_applications, :token_info }
  get "/me", to: "people#show"
  post "/test/expire", to: "tests#expire"
end

# The tables of its own generators, PKCE and grace for refresh tokens among them.
ActiveRecord::Migration.verbose = false
ActiveRecord::Schema.define do
  create_table :oauth_applications do |t|
    t.string :name, :uid, :secret, null: false
    t.text :redirect_uri, null: false
    t.string :scopes, null: false, default: ""
    t.boolean :confidential, null: false, default: true
    t.timestamps null: false
  end
  create_table :oauth_access_grants do |t|
    t.references :resource_owner, :application, null: false
    t.string :token, null: false
    t.integer :expires_in, null: false
    t.text :redirect_uri, null: false
    t.datetime :created_at, null: false
    t.datetime :revoked_at
    t.string :scopes, null: false, default: ""
    t.string :code_challenge, :code_challenge_method
  end
  create_table :oauth_access_tokens do |t|
    t.references :resource_owner
    t.references :application, null: false
    t.string :token, null: false
    t.string :refresh_token
    t.integer :expires_in
    t.datetime :revoked_at
    t.datetime :created_at, null: false
    t.string :scopes
    t.string :previous_refresh_token, null: false, default: ""
  end
end
Doorkeeper::Application.create!(
  name: "app", uid: CONFIG["id"], secret: CONFIG["secret"], redirect_uri: CONFIG["redirectUri"],
  scopes: CONFIG["scopes"].join(" ")
)
ActiveRecord::Base.clear_active_connections!

server = WEBrick::HTTPServer.new(
  BindAddress: "127.0.0.1", Port: 0, DoNotReverseLookup: true, Logger: WEBrick::Log.new(File::NULL), AccessLog: [],
  # A test that pauses finds no connection that is about to be closed.
  RequestCallback: ->(_request, response) { response.keep_alive = false }
)
server.mount("/", Rack::Handler::WEBrick, Launcher)
Thread.new do
  $stdin.read
  exit!(0)
end
puts "http://127.0.0.1:#{server.listeners.first.addr[1]}"
$stdout.flush
server.start
