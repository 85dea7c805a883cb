"""
An authorization server that nobody here wrote: Authlib, on 127.0.0.1, with the code grant (PKCE), refresh tokens that rotate, client
credentials, the device grant and revocation. Whoever opens a page has agreed. Configured by JSON in the first argument.
"""
import hmac
import json
import os
import sys
import time
from types import SimpleNamespace
from urllib.parse import parse_qsl

os.environ['AUTHLIB_INSECURE_TRANSPORT'] = '1'

from authlib.common.security import generate_token
from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request, ResourceProtector
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6750 import BearerTokenGenerator, BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant, DeviceCredentialDict

from loopback import serve

CONFIG = json.loads(sys.argv[1])

tokens, codes, devices, approved = [], {}, {}, set()


def find(name, value):
    return next((token for token in tokens if value is not None and getattr(token, name) == value), None)


# What its users have to say of their data, in the library's words.


class Client(ClientMixin):
    get_client_id = lambda self: CONFIG['id']
    get_allowed_scope = lambda self, scope: scope
    check_redirect_uri = lambda self, uri: uri == CONFIG['redirectUri']
    check_client_secret = lambda self, secret: hmac.compare_digest(secret.encode(), CONFIG['secret'].encode())
    check_endpoint_auth_method = lambda self, method, endpoint: method != 'none'
    check_response_type = check_grant_type = lambda self, given: True


class Code(SimpleNamespace, AuthorizationCodeMixin):
    get_redirect_uri = lambda self: self.redirect_uri
    get_scope = lambda self: self.scope


class Token(SimpleNamespace, TokenMixin):
    check_client = lambda self, client: True
    get_scope = lambda self: self.scope
    get_expires_in = lambda self: self.expires_in
    is_expired = lambda self: self.issued_at + self.expires_in < time.time()
    is_revoked = lambda self: self.revoked


class Server(AuthorizationServer):
    query_client = lambda self, client_id: Client() if client_id == CONFIG['id'] else None
    send_signal = lambda self, *_, **__: None
    create_oauth2_request = lambda self, request: request
    handle_response = lambda self, *response: response

    def save_token(self, token, request):
        known = {'refresh_token': None, 'scope': '', **token}
        tokens.append(Token(**known, user=request.user, issued_at=time.time(), revoked=False))


class CodeGrant(grants.AuthorizationCodeGrant):
    query_authorization_code = lambda self, code, client: codes.get(code)
    delete_authorization_code = lambda self, code: codes.pop(code.code)
    authenticate_user = lambda self, code: code.user

    def save_authorization_code(self, code, request):
        challenge = {name: request.data.get(name) for name in ('code_challenge', 'code_challenge_method')}
        given = {name: getattr(request, name) for name in ('redirect_uri', 'scope', 'user')}
        codes[code] = Code(code=code, **given, **challenge)


class RefreshGrant(grants.RefreshTokenGrant):
    INCLUDE_NEW_REFRESH_TOKEN = True
    authenticate_user = lambda self, token: token.user

    def authenticate_refresh_token(self, value):
        token = find('refresh_token', value)
        return token if token and not token.revoked else None

    def revoke_old_credential(self, token):
        token.revoked = True


class Revocation(RevocationEndpoint):
    query_token = lambda self, value, hint: find('refresh_token', value) or find('access_token', value)

    def revoke_token(self, token, request):
        token.revoked = True


class DeviceAuthorization(DeviceAuthorizationEndpoint):
    def create_endpoint_request(self, request):
        self.get_verification_uri = lambda: request.uri.replace('/device', '/approve')
        return request

    def save_device_credential(self, client_id, scope, data):
        devices[data['device_code']] = DeviceCredentialDict(client_id=CONFIG['id'], scope=scope, **data)


class DeviceGrant(DeviceCodeGrant):
    query_device_credential = lambda self, device_code: devices.get(device_code)
    query_user_grant = lambda self, user_code: ('ann', True) if user_code in approved else None
    should_slow_down = lambda self, credential: False


class Validator(BearerTokenValidator):
    authenticate_token = lambda self, value: find('access_token', value)


server = Server(scopes_supported=CONFIG['scopes'])
bearer = BearerTokenGenerator(lambda **_: generate_token(42), lambda **_: generate_token(48), 600)
server.register_token_generator('default', bearer)
server.register_grant(CodeGrant, [CodeChallenge(required=True)])
for grant in (RefreshGrant, grants.ClientCredentialsGrant, DeviceGrant):
    server.register_grant(grant)
for endpoint in (Revocation, DeviceAuthorization):
    server.register_endpoint(endpoint)
protector = ResourceProtector()
protector.register_token_validator(Validator())


def answer(path, method, url, headers, body):
    request = OAuth2Request(method, url, dict(parse_qsl(body)), headers)
    if path == '/authorize':
        return server.create_authorization_response(request, grant_user='ann')
    if path == '/token':
        return server.create_token_response(request)
    if path == '/revoke':
        return server.create_endpoint_response('revocation', request)
    if path == '/device':
        return server.create_endpoint_response('device_authorization', request)
    if path == '/approve':
        approved.add(request.data['user_code'])
        return 200, 'You may close this page.', {}
    try:
        return 200, {'sub': protector.validate_request(None, request).user}, {}
    except OAuth2Error as error:
        return error()


serve(answer)
